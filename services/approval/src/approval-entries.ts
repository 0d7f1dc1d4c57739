/** The evidence of each step of an approval. Comments stay out: only that there was one is recorded. */
import { chainOfJob, type NewEntry } from '@countersign/contracts/ledger-entry';
import type { Principal } from '@countersign/contracts/rpc';
import { extraTerms } from './approval-digest.ts';
import type { Approval, Vote } from './store.ts';

export function openedEntry(approval: Approval): NewEntry {
  return entryOf(approval, 'approval_opened', termsOf(approval));
}

/** Nobody was asked: a grant that was given before covers it. `same_digest` is the grant's own. */
export function byGrantEntry(approval: Approval, votes: readonly Vote[], same_digest: string): NewEntry {
  const { by_grant: grant_id } = approval;
  return entryOf(approval, 'approval_by_grant', { ...termsOf(approval), grant_id, same_digest, ...approvers(votes) });
}

export function grantRevokedEntry(given: Approval, by: Pick<Principal, 'id' | 'auth_method'>): NewEntry {
  const who = { revoked_by: by.id, by_auth_method: by.auth_method, commented: true };
  return entryOf(given, 'approval_grant_revoked', { grant_id: given.approval_id, ...who });
}

function termsOf(approval: Approval): Record<string, unknown> {
  return {
    digest: approval.digest,
    held_seq: approval.held_seq,
    stages: approval.stages,
    max_attempts: approval.max_attempts,
    ...extraTerms(approval),
    ...(approval.carried_from === null ? {} : { carried_from: approval.carried_from }),
    on_behalf_of: approval.on_behalf_of,
    opened_at: approval.opened_at,
    expires_at: approval.expires_at,
    effective_digest: approval.effective_digest,
    policy_version: approval.policy_version,
    policy_snapshot: approval.policy_snapshot,
    policy_epoch: approval.policy_epoch,
    rule_id: approval.rule_id,
  };
}

/** `auth_method` above is the requester's; the voter's own stands beside the voter. `more`: also whom the vote leaves to be asked. */
export function votedEntry(
  approval: Approval,
  vote: Vote,
  voter_auth_method: string,
  more: Record<string, unknown> = {},
): NewEntry {
  return entryOf(approval, 'approval_voted', {
    digest: approval.digest,
    voter: vote.voter,
    voter_auth_method,
    ...(vote.delegated_by === null ? {} : { delegated_by: vote.delegated_by }),
    vote: vote.vote,
    stage: vote.stage,
    group: vote.group,
    voted_at: vote.voted_at,
    commented: vote.comment !== null,
    ...(vote.grant === null ? {} : { grant: vote.grant }),
    ...more,
  });
}

/** `votes`: all of them; the record of the run names its approvers from here. */
export function closedEntry(approval: Approval, votes: readonly Vote[], more: Record<string, unknown> = {}): NewEntry {
  return entryOf(approval, `approval_${approval.state}`, {
    digest: approval.digest,
    ...approvers(votes),
    closed_at: approval.closed_at,
    expires_at: approval.expires_at,
    ...more,
  });
}

/** `votes`: of this and of others. */
export function supersededEntry(former: Approval, votes: readonly (Vote & { approval_id: string })[]): NewEntry {
  return closedEntry(
    former,
    votes.filter((vote) => vote.approval_id === former.approval_id),
    { reason: 'policy changed', superseded_by: former.superseded_by },
  );
}

export function escalatedEntry(approval: Approval): NewEntry {
  const { digest, escalate, escalated_at } = approval;
  return entryOf(approval, 'approval_escalated', { digest, to: escalate!.to, escalated_at });
}

/** `approvers`: whose votes the new question begins with. */
export function carriedEntry(approval: Approval, votes: readonly Vote[]): NewEntry {
  const { digest, carried_from } = approval;
  return entryOf(approval, 'approval_carried', { digest, carried_from, approvers: votes.map(({ voter }) => voter) });
}

function approvers(votes: readonly Vote[]): object {
  return {
    approvers: votes.map(({ voter, delegated_by, vote, stage, group, voted_at }) => ({
      approver: voter,
      ...(delegated_by === null ? {} : { delegated_by }),
      vote,
      stage,
      group,
      voted_at,
    })),
  };
}

function entryOf(approval: Approval, kind: string, more: Record<string, unknown>): NewEntry {
  return {
    chain: chainOfJob(approval.tenant, approval.job_id),
    kind,
    tenant: approval.tenant,
    topic: approval.topic,
    body: {
      tenant: approval.tenant,
      job_id: approval.job_id,
      actor: approval.requester,
      auth_method: approval.auth_method,
      owner: approval.owner,
      topic: approval.topic,
      capability: approval.capability,
      job_hash: approval.job_hash,
      approval_id: approval.approval_id,
      traceparent: approval.traceparent,
      ...more,
    },
  };
}
