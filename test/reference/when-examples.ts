/** What a condition may look at and call, each with an example that a test evaluates: they are all true of `EXAMPLE`. */
import type { WHEN_FUNCTIONS, WhenInput } from '@countersign/policy/compile-when';

type Function = (typeof WHEN_FUNCTIONS)[number];
/** The example, and what it is. */
type Told = readonly [example: string, what: string];

export const EXAMPLE: WhenInput = {
  payload: {
    service: 'Checkout',
    replicas: 3,
    branch: 'release/2.4',
    recipients: ['ana@example.com', 'li@example.com'],
    amount: '12',
    ratio: 0.5,
    at: '2026-03-02T10:30:00Z',
  },
  labels: { env: 'prod' },
  actor: { id: 'deploy-agent', type: 'agent', owner: 'ana' },
  on_behalf_of: ['li'],
  tenant: 'default',
  topic: 'job.deploy.apply',
  now: '2026-03-02T11:00:00Z',
  run: { ran: ['job.crm.read'], used: ['crm.read'], released: ['customer'], untrusted: [], jobs: 2n },
};

export const TOLD_VARIABLES: Readonly<Record<keyof WhenInput, Told>> = {
  payload: [
    'payload.replicas <= 50',
    'The request’s payload, by name. With a schema on the topic its types are checked',
  ],
  labels: ["labels.env == 'prod'", 'Text by name, derived labels included'],
  actor: ["actor.type == 'agent' && actor.owner != actor.id", 'Who asks: `id`, `type` (agent or human), `owner`'],
  on_behalf_of: ["'li' in on_behalf_of", 'Ids of those for whom it is asked; empty for nobody'],
  tenant: ["tenant == 'default'", 'Who the job belongs to'],
  run: [
    "'customer' in run.released && run.jobs < 20",
    'What its run did before: `ran` (topics), `used` (capabilities), `released` (classes of data), `untrusted` (topics), `jobs`. Never cached',
  ],
  topic: ["topic.startsWith('job.deploy.')", 'The topic of the request'],
  now: [
    'now.getDayOfWeek() in [1, 2, 3, 4, 5]',
    'The moment of the decision, UTC. A decision that reads it is never cached',
  ],
};

export const TOLD_FUNCTIONS: Readonly<Record<Function, Told>> = {
  all: ["payload.recipients.all(r, r.endsWith('@example.com'))", 'Holds for every element'],
  exists: ["payload.recipients.exists(r, r.startsWith('ana@'))", 'Holds for one element or more'],
  exists_one: ["payload.recipients.exists_one(r, r.startsWith('li@'))", 'Holds for exactly one element'],
  filter: ["size(payload.recipients.filter(r, r.contains('ana'))) == 1", 'The elements for which it holds'],
  has: [
    '!has(payload.force)',
    'Whether the field is there. A field that is not there and is read is an error, which denies',
  ],
  size: ['size(payload.recipients) <= 10', 'Elements of a list, entries of a map, code points of a text'],
  startsWith: ["payload.branch.startsWith('release/')", 'Whether a text begins so'],
  endsWith: ["payload.branch.endsWith('2.4')", 'Whether a text ends so'],
  contains: ["payload.branch.contains('/')", 'Whether a text holds another, which must be written out'],
  matches: ["payload.branch.matches('^release/[0-9.]+$')", 'Whether an expression of RE2, written out, fits somewhere'],
  lowerAscii: ["payload.service.lowerAscii() == 'checkout'", 'A to Z made small'],
  upperAscii: ["payload.service.upperAscii() == 'CHECKOUT'", 'a to z made capital'],
  trim: ["payload.branch.trim() == 'release/2.4'", 'Without white space at both ends'],
  int: ['int(payload.amount) < 100', 'A whole number out of a text or a number'],
  double: ['double(payload.ratio) <= 0.5', 'A number out of a text or a whole number'],
  string: ["string(payload.replicas) == '3'", 'The text of a value'],
  timestamp: ['timestamp(payload.at) < now', 'A moment out of RFC 3339'],
  duration: ["now - timestamp(payload.at) < duration('1h')", 'A length of time'],
  getDate: ['now.getDate() == 2', 'Day of the month, from 1'],
  getDayOfWeek: ['now.getDayOfWeek() == 1', 'Day of the week, Sunday is 0'],
  getFullYear: ['now.getFullYear() == 2026', 'Year'],
  getHours: ["now.getHours('Europe/Berlin') >= 8", 'Hour, in UTC or in the zone named'],
  getMinutes: ['now.getMinutes() == 0', 'Minute'],
  getMonth: ['now.getMonth() == 2', 'Month, January is 0'],
};
