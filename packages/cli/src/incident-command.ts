/**
 * `countersign policy incident`: a job that the ledger remembers as a test of the policy, so that what was decided once is
 * decided so again, or on purpose otherwise. The ledger holds no content; the fixture says what is absent.
 */
import type { DecisionList } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { PolicyIncident } from '@countersign/contracts/policy-tests';
import { printableJson } from '@countersign/contracts/printable';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

type Remembered = { job: JobView; decisions: readonly DecisionList[number][]; timeline: readonly ShownEntry[] };

/** The decision of the submit gate that stood; after a rewrite, of what was made of the request. */
export function incidentOf({ job, decisions, timeline }: Remembered, name: string): PolicyIncident {
  const stood = decisions.filter((each) => each.gate !== 'output').find(({ gate }) => gate === 'submit');
  const detail = `the ledger shows no decision about ${job.job_id} at the submit gate`;
  if (stood === undefined) throw new CommandFailure(EXIT.refused, detail, { code: 'not_found', detail });
  const { tenant, job_id, job_hash, topic, labels, capability } = job;
  const { decision, rule_id, policy_version, policy_snapshot, decided_at } = stood;
  return {
    name,
    tenant,
    gate: 'submit',
    actor: { id: job.actor, type: 'agent', owner: ownerIn(timeline) },
    job_id,
    job_hash,
    request: { topic, labels, ...(capability === null ? {} : { meta: { capability } }) },
    absent: ['prompt', 'payload'],
    decided: { decision, rule_id, policy_version, policy_snapshot, decided_at },
  };
}

export function addIncidentCommand(policy: Command, output: Output): void {
  policy
    .command('incident <job_id...>')
    .description('jobs out of the ledger as tests, e.g. > policy/tests/incidents.yaml')
    .action((job_ids: string[], _: object, command: Command) => exportIncidents(output, job_ids, command));
}

/** Every entry of a job repeats who asked. */
function ownerIn(timeline: readonly ShownEntry[]): string | null {
  const owner = timeline[0]?.body.owner;
  return typeof owner === 'string' ? owner : null;
}

async function exportIncidents(output: Output, job_ids: string[], command: Command): Promise<void> {
  const client = clientOf(command);
  const incidents: PolicyIncident[] = [];
  for (const job_id of job_ids) {
    const [job, decisions, timeline] = await Promise.all([
      client.job(job_id),
      client.decisions(job_id),
      client.timeline(job_id),
    ]);
    incidents.push(incidentOf({ job, decisions, timeline }, `incident ${job_id}`));
  }
  print(output, command, { incidents }, showIncidents);
}

/** JSON in flow style: YAML to whoever reads YAML, and no text of the job can break out of it. */
export function showIncidents({ incidents }: { incidents: readonly PolicyIncident[] }): string {
  return ['incidents:', ...incidents.map((incident) => `  - ${printableJson(incident)}`)].join('\n');
}
