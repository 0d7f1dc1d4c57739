/** What a decision says that found nothing, asks nothing of anybody and was made just now. */
export const PLAIN = {
  constraints: {},
  obligations: {},
  remediation: null,
  findings: [],
  asserted: [],
  cached: false,
  fail_mode: null,
};
