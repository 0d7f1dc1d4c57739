/** The order of the files: those that take longest begin, so that none of them is the last one running. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By what their paths begin with, longest first; what is not listed comes behind, larger files first. */
const LONGEST = [
  'failures/disturbed',
  'failures/kill-under-load',
  'long/scheduler/grown',
  'failures/policy-fail-mode',
  'failures/power-cut',
  'failures/outages',
  'failures/stops',
  'journeys/first-own-policy',
  'failures/supervised',
  'long/scheduler',
  'failures/hung-instance',
  'journeys/admin-init',
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
