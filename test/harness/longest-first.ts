/** The order of the files: those that take longest begin, so that none of them is the last one running. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * By what their paths begin with, longest first; what is not listed comes behind, larger files first. The longest mostly
 * wait for a fault to be noticed: what keeps processors busy runs beside them, and not all that waits at once.
 */
const LONGEST = [
  'failures/disturbed',
  'long/ingress',
  'journeys/first-own-policy',
  'journeys/packed-packages',
  'long/scanners',
  'failures/kill-under-load',
  'failures/approvals',
  'long/scheduler/grown',
  'failures/power-cut',
  'long/scheduler',
  'failures/lost-streams',
  'failures/hung-instance',
  'failures/outages',
  'journeys/admin-init',
  'journeys/readme',
  'failures/stops',
  'failures/',
  'journeys/',
  'long/',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const path = moduleId.slice(moduleId.lastIndexOf('/test/') + '/test/'.length);
  const place = LONGEST.findIndex((start) => path.startsWith(start));
  return place === -1 ? LONGEST.length : place;
}
