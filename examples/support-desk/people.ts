/**
 * The people of the example: each looks at what waits for their team, reads exactly what would run, and votes on that.
 * They act over HTTP with their own keys; the agent has none of these.
 */
import { ApiError } from '@countersign/client/api-error';
import type { Client } from '@countersign/client/create-client';
import type { ApprovalView } from '@countersign/contracts/approval';

type Person = { name: string; client: Client; teams: readonly string[] };
export type Say = (line: string) => void;

type Judgement = { vote: 'approve' | 'reject'; comment: string };

/** Cents from which nobody here pays on a ticket's word. */
const TOO_MUCH = 50_000;
const LOOK_EVERY_MS = 150;

/** Until it is disposed. Somebody else's vote may come first; then there is nothing left to do. */
export function seatPeople(people: readonly Person[], say: Say): AsyncDisposable {
  const leave = new AbortController();
  const sit = async (person: Person): Promise<void> => {
    while (!leave.signal.aborted) {
      await lookAround(person, say).catch((thrown: unknown) => {
        if (!(thrown instanceof ApiError)) throw thrown;
      });
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
  const sitting = Promise.all(people.map(sit));
  return {
    async [Symbol.asyncDispose]() {
      leave.abort();
      await sitting;
    },
  };
}

async function lookAround({ name, client, teams }: Person, say: Say): Promise<void> {
  const { approvals } = await client.approvals({ state: 'open' });
  for (const listed of approvals) {
    const stage = openStage(listed);
    if (stage === undefined || !teams.includes(stage.group) || listed.requester === name) continue;
    // A listing shows no content: nobody votes on what they have not opened.
    const shown = await client.approval(listed.approval_id);
    const { vote, comment } = judge(shown);
    await client[vote](shown.approval_id, shown.digest, comment);
    say(`${name} (${stage.group}) ${vote === 'approve' ? 'approves' : 'rejects'} ${shown.topic}: "${comment}"`);
  }
}

/** The first stage that still lacks a vote. */
function openStage({ stages, votes }: ApprovalView) {
  return stages.find(
    ({ count }, i) => votes.filter((cast) => cast.stage === i && cast.vote === 'approve').length < count,
  );
}

function judge({ effective }: ApprovalView): Judgement {
  const amount = effective?.payload?.amount_cents;
  if (typeof amount === 'number' && amount >= TOO_MUCH) {
    return { vote: 'reject', comment: 'this customer never ordered anything near that' };
  }
  return { vote: 'approve', comment: 'read and agreed' };
}
