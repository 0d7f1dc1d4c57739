/** Every page of docs/reference, made from the tables in the code and from nothing else. */
import { ACCESS, COMMANDS } from '@countersign/contracts/access';
import { VERBS } from '@countersign/contracts/access-verbs';
import { ERRORS } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { METRICS, type MetricSpec } from '@countersign/contracts/metrics';
import { MODEL_TYPE_PREFIX, OWN_RULE_DEFAULTS, OWN_TYPE_PREFIX } from '@countersign/contracts/scanner-rules';
import { FINDING_TYPES } from '@countersign/scanners/finding-types';
import { readComments } from './read-comments.ts';
import { renderAsyncApi } from './render-asyncapi.ts';
import { renderLanguage } from './render-language.ts';
import { renderSettings } from './render-settings.ts';
import { renderSubjects } from './render-subjects.ts';
import { code, codes, page, table } from './render-table.ts';
import { renderWorkerVectors } from './render-worker-vectors.ts';

export const REFERENCE_FOLDER = 'docs/reference';

const MODEL_ROW = [
  code('prompt_injection'),
  code(`${MODEL_TYPE_PREFIX}<name>`),
  'high',
  'possible',
  'model',
  'What a model was asked for, from score 0.5 on medium, from 0.8 on high and likely; each may name another scanner and other scores',
];

/** What an own rule is worth that says nothing else. */
const OWN_ROW = [
  code(OWN_RULE_DEFAULTS.scanner),
  code(`${OWN_TYPE_PREFIX}<id>`),
  OWN_RULE_DEFAULTS.severity,
  OWN_RULE_DEFAULTS.confidence,
  'rule',
  'What a rule of the operator’s own finds; each may name another scanner, severity and confidence',
];

/** File name → text. */
export function renderReference(): Record<string, string> {
  return {
    'access.md': renderAccess(),
    'errors.md': renderErrors(),
    'language.md': renderLanguage(),
    'metrics.md': renderMetrics(),
    'detectors.md': renderDetectors(),
    'limits.md': renderLimits(),
    'subjects.md': renderSubjects(),
    'settings.md': renderSettings(),
    'asyncapi.json': renderAsyncApi(),
    'worker-vectors.json': renderWorkerVectors(),
  };
}

function renderAccess(): string {
  return page(
    'Who may call what',
    'Each route and the roles that may call it. A route of no role needs a permission that reaches beyond one tenant. A command ' +
      'calls routes; one that calls none needs nobody. Verbs of the bus are asked by services and workers alone.',
    ...[
      table(
        ['route', 'roles'],
        Object.entries(ACCESS).map(([call, roles]) => [code(call), roles.length > 0 ? roles.join(', ') : '-']),
      ),
      table(
        ['command', 'routes'],
        Object.entries(COMMANDS).map(([command, routes]) => [
          code(`countersign ${command}`),
          routes.length > 0 ? codes(routes) : '-',
        ]),
      ),
      table(
        ['verb of the bus', 'asked by'],
        Object.entries(VERBS).map(([verb, callers]) => [code(`rpc.${verb}`), callers.join(', ')]),
      ),
    ],
  );
}

function renderErrors(): string {
  return page(
    'Error codes',
    'An error is `{ code, detail, at?, trace_id }` over HTTP and `{ code, detail, at? }` on the bus. `at` is a JSON ' +
      "pointer, a header's or a parameter's name. Clients should look at `code` alone: `detail` is for people and may change. " +
      'On a stream `ack` means done, `term` never again, `nak` again later.',
    table(
      ['code', 'HTTP', 'on a stream', 'what'],
      Object.entries(ERRORS).map(([name, { status, on_stream, says }]) => [
        code(name),
        String(status),
        on_stream,
        says,
      ]),
    ),
  );
}

function renderMetrics(): string {
  return page(
    'Metrics',
    'Served by each service at `/metrics` of its `HEALTH_PORT`. Names carry the prefix `METRICS_PREFIX`, by default ' +
      '`countersign_`. No label ever holds content.',
    table(
      ['metric', 'kind', 'labels', 'what'],
      Object.entries(METRICS as Record<string, MetricSpec>).map(([name, { kind, labels, help }]) => [
        code(`countersign_${name}`),
        kind,
        codes(labels),
        help,
      ]),
    ),
  );
}

function renderDetectors(): string {
  return page(
    'Detectors',
    'What the scanners find, at the door and at release. A rule names scanners, and with `types` and `min_severity` some ' +
      'of their findings; left out, all of them. A finding says scanner, type, severity, ' +
      'confidence, place, count and why, and never the text that matched. The severity here is the highest of a type: what ' +
      'is only quoted or negated has a lower one. Basis is what confirms a finding: `checksum` its own arithmetic, `format` a published form, ' +
      '`name` the name that the value stands under, `context` words beside it, `signals` several hints together, `rule` an expression of the operator’s own and `model` the word of a model ([own rules](../own-scanner-rules.md)).',
    table(
      ['scanner', 'type', 'severity', 'confidence', 'basis', 'what'],
      FINDING_TYPES.map(({ scanner, type, severity, confidence, basis, describes }) => [
        code(scanner),
        code(type),
        severity,
        confidence,
        basis,
        describes,
      ]).concat([OWN_ROW, MODEL_ROW]),
    ),
  );
}

function renderLimits(): string {
  const files = [
    'limits',
    'credential-limits',
    'job-limits',
    'mcp-limits',
    'policy-limits',
    'review-limits',
    'rule-bounds',
    'evidence-limits',
    'scan-limits',
    'webhook-limits',
    'worker-door-limits',
  ].map((name) => `packages/contracts/src/${name}.ts`);
  const comments = new Map(files.flatMap((file) => [...readComments(file)]));
  return page(
    'Limits',
    'Every bound of the system. They are constants, not settings: changing one is a release.',
    table(
      ['limit', 'value', 'of what'],
      Object.entries(LIMITS).map(([name, value]) => [code(name), value.toLocaleString('en'), comments.get(name) ?? '']),
    ),
  );
}
