/** What can be wrong with a history all of whose hashes fit: something happened that did not follow from what was decided. */

export type Body = Readonly<Record<string, unknown>>;

export type DerivedFault =
  | 'policy_unsigned'
  | 'policy_not_newer'
  | 'policy_not_in_force'
  | 'decision_about_another_job'
  | 'submit_not_allowed'
  | 'dispatch_not_allowed'
  | 'effective_digest_changed'
  | 'attempt_out_of_order'
  | 'approval_missing'
  | 'approval_of_something_else'
  | 'approval_by_too_few'
  | 'approval_by_the_wrong_person'
  | 'approval_expired'
  | 'approval_spent'
  | 'grant_missing'
  | 'grant_beyond_votes'
  | 'grant_of_something_else'
  | 'grant_revoked'
  | 'grant_expired'
  | 'grant_spent'
  | 'claim_without_dispatch'
  | 'claimed_twice'
  | 'result_without_claim'
  | 'released_without_screening'
  | 'review_without_quarantine'
  | 'review_after_its_end'
  | 'reviewed_by_the_wrong_person'
  | 'released_unopened'
  | 'state_after_the_end';
