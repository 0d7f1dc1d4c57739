/**
 * The scripted agent at work: reads each ticket through Countersign, asks for what it would like to do, and takes the
 * answer. It has no other way to the customers, and it sees nothing but screened results.
 */
import type { Client, Submitted } from '@countersign/client/create-client';
import type { JobRequestInput, JobView } from '@countersign/contracts/job';
import type { ResultView } from '@countersign/contracts/output';
import type { Say } from './people.ts';
import { noteStep, planTicket, readStep, type Step, screenedTicket } from './plan-ticket.ts';

type Door = (request: JobRequestInput) => Promise<Submitted>;
export type Agent = {
  client: Client;
  /** The usual door, and the other one for tickets that name it. */
  http: Door;
  nats: Door;
};

/** One job as the account tells it. */
export type Told = {
  ticket_id: number;
  job_id: string;
  state: string;
  decision: string;
  output_decision: string | null;
};

/** Milliseconds after which a job of this example has gone wrong. */
const PATIENCE_MS = 60_000;
const EXCERPT_CHARS = 110;
/** This ticket's wishes go through the bus. */
const OVER_NATS = 1003;

type Done = { told: Omit<Told, 'ticket_id'>; result: ResultView | null };

export async function workOnTicket(agent: Agent, ticket_id: number, say: Say): Promise<Told[]> {
  const told: Told[] = [];
  const take = async (step: Step, door: Door): Promise<ResultView | null> => {
    const done = await askFor(agent, step, door, say);
    told.push({ ticket_id, ...done.told });
    return done.result;
  };
  const read = await take(readStep(ticket_id), agent.http);
  if (read === null) {
    await take(noteStep(ticket_id, 'leave it to a person', 'I was not shown this ticket; please look.'), agent.http);
    return told;
  }
  const door = ticket_id === OVER_NATS ? agent.nats : agent.http;
  for (const step of planTicket(screenedTicket.parse(read.output))) await take(step, door);
  return told;
}

async function askFor(agent: Agent, { wants, request }: Step, door: Door, say: Say): Promise<Done> {
  const { client } = agent;
  const over = door === agent.nats ? ', asked over NATS' : '';
  say(`the agent wants to ${wants} (${request.topic}${over})`);
  const answer = await door(request);
  say(`  ${decisionLine(answer)}`);
  const { job_id } = answer;
  if (answer.outcome === 'denied') {
    return { told: { job_id, state: 'denied', decision: 'deny', output_decision: null }, result: null };
  }
  const job = await client.untilEnded(job_id, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const result = job.state === 'succeeded' ? await client.result(job_id) : null;
  say(`  ${endLine(job, result)}`);
  if (result !== null) say(`  it is shown: ${excerptOf(result.output)}`);
  const decision = answer.remediation === null ? answer.decision : 'remediate';
  const output_decision = result?.output_decision ?? (job.state === 'quarantined' ? 'quarantine' : null);
  return { told: { job_id, state: job.state, decision, output_decision }, result };
}

function decisionLine(answer: Submitted): string {
  const { decision, rule_id, reason, remediation } = answer;
  const rule = rule_id === null ? 'no rule' : rule_id;
  if (answer.outcome === 'denied') {
    const offer = remediation === null ? '' : `; on offer instead: ${remediation.topic ?? remediation.id}`;
    return `denied by ${rule}: ${reason}${offer}`;
  }
  const rewritten =
    remediation === null ? '' : `remediated (${remediation.id}) to ${remediation.topic ?? 'another form'}, then `;
  return `${rewritten}${decision} by ${rule}: ${reason}`;
}

function endLine({ state, reason, pool }: JobView, result: ResultView | null): string {
  if (result === null) return `${state}${reason ? `: ${reason}` : ''}`;
  const found = result.findings.map((finding) => `${finding.count} ${finding.type}`).join(', ');
  const screened = result.output_decision === 'allow' ? '' : `, output ${result.output_decision}ed (${found})`;
  return `${state} in pool ${pool}${screened}`;
}

/** Released content, which the agent may read; cut, because this is an account and not a log of results. */
function excerptOf(output: unknown): string {
  const redacted = /.{0,60}\[redacted:[^\]]+\].{0,40}/.exec(JSON.stringify(output));
  const text = redacted === null ? JSON.stringify(output) : `…${redacted[0]}`;
  return text.length <= EXCERPT_CHARS ? text : `${text.slice(0, EXCERPT_CHARS)}…`;
}
