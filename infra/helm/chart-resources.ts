/**
 * What the chart makes in a cluster: of each service an account, a deployment, an address, a disruption budget and network
 * policies; the migrations as a job before each install and upgrade. Strings in `{{ }}` are Helm's to fill in.
 */
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';

type Json = Record<string, unknown>;

const HEALTH_PORT = 9100;
const HTTP_PORT = 8081;
/** `node` of the image. */
const USER = 1000;
const DNS = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];
const WRITES_NOTHING = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const NOBODY = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};
const TMP = { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } };

/** By name of the file; each stands alone behind `enabled`. */
export function chartResources(): Record<string, Json[]> {
  return { ...Object.fromEntries(SERVICES.map((service) => [service, ofService(service)])), migrations: migrations() };
}

/** A value that is not text: a number, a list or an object of values.yaml. */
function raw(path: string): string {
  return `RAW {{ toJson .Values.${path} }}`;
}

/** Go's templates read `a-b` as a subtraction, so values.yaml says `policyKernel`. */
export function valuesOf(part: string): string {
  return part.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function ofService(service: ServiceName): Json[] {
  const values = valuesOf(service);
  const labels = labelsOf(service);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metaOf(service), automountServiceAccountToken: false },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metaOf(service),
      spec: {
        replicas: raw(`${values}.replicas`),
        selector: { matchLabels: labels },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels }, spec: podOf(service) },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metaOf(service),
      spec: {
        selector: labels,
        ports: portsOf(service).map(({ name, containerPort: port }) => ({ name, port, targetPort: name })),
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metaOf(service),
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    networkPolicy(service, {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: raw('metrics.from'), ports: [{ protocol: 'TCP', port: HEALTH_PORT }] },
        ...(service === 'ingress'
          ? [{ from: raw('ingress.from'), ports: [{ protocol: 'TCP', port: HTTP_PORT }] }]
          : []),
      ],
      egress: [{ ports: DNS }, to('postgres'), to('nats')],
    }),
    // What else it may reach is the operator's to say: a provider of logins, receivers of webhooks, a detector.
    { ...networkPolicy(service, { policyTypes: ['Egress'], egress: raw(`${values}.egress`) }, '-more') },
  ];
}

function podOf(service: ServiceName): Json {
  const prefix = service.toUpperCase().replaceAll('-', '_');
  const settings = {
    [`${prefix}_HEALTH_HOST`]: '0.0.0.0',
    [`${prefix}_HEALTH_PORT`]: String(HEALTH_PORT),
    ...(service === 'ingress' && {
      INGRESS_HTTP_HOST: '0.0.0.0',
      INGRESS_HTTP_PORT: String(HTTP_PORT),
      INGRESS_HTTP_NAMES: '{{ .Values.ingress.names }}',
    }),
    ...(service === 'policy-kernel' && { POLICY_KERNEL_STATE_DIR: '/state' }),
    LOG_LEVEL: '{{ .Values.logLevel }}',
  };
  const state = service === 'policy-kernel' ? [{ name: 'state', emptyDir: {} }] : [];
  const probe = (path: string, more: Json): Json => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 5, ...more });
  return {
    serviceAccountName: nameOf(service),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: NOBODY,
    // A service finishes what it holds before it goes.
    terminationGracePeriodSeconds: 30,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labelsOf(service) },
      },
    ],
    containers: [
      {
        name: service,
        image: '{{ .Values.image }}',
        args: [service],
        // What stands here goes before the file of settings (Node, --env-file).
        env: Object.entries(settings).map(([name, value]) => ({ name, value })),
        ports: portsOf(service),
        startupProbe: probe('/livez', { periodSeconds: 2, failureThreshold: 60 }),
        livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 6 }),
        readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
        resources: raw(`${valuesOf(service)}.resources`),
        securityContext: WRITES_NOTHING,
        volumeMounts: [
          { name: 'settings', mountPath: `/run/countersign/${service}`, readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
          ...state.map(({ name }) => ({ name, mountPath: '/state' })),
        ],
      },
    ],
    volumes: [
      { name: 'settings', secret: { secretName: `{{ .Values.${valuesOf(service)}.secret }}`, defaultMode: 0o440 } },
      TMP,
      ...state,
    ],
  };
}

function migrations(): Json[] {
  const part = 'migrations';
  const hook = {
    'helm.sh/hook': 'pre-install,pre-upgrade',
    'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
  };
  const meta = (weight: number): Json => ({
    ...metaOf(part),
    annotations: { ...hook, 'helm.sh/hook-weight': String(weight) },
  });
  return [
    {
      ...networkPolicy(part, { policyTypes: ['Ingress', 'Egress'], egress: [{ ports: DNS }, to('postgres')] }),
      metadata: meta(0),
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta(1),
      spec: {
        // What was applied stays applied, and the next try goes on behind it.
        backoffLimit: 3,
        activeDeadlineSeconds: 900,
        template: {
          metadata: { labels: labelsOf(part) },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            securityContext: NOBODY,
            containers: [
              {
                name: part,
                image: '{{ .Values.image }}',
                command: ['node', 'infra/admin/main.ts', 'migrate'],
                env: [
                  {
                    name: 'DATABASE_URL',
                    valueFrom: { secretKeyRef: { name: '{{ .Values.migrations.secret }}', key: 'DATABASE_URL' } },
                  },
                ],
                resources: raw('migrations.resources'),
                securityContext: WRITES_NOTHING,
                volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
              },
            ],
            volumes: [TMP],
          },
        },
      },
    },
  ];
}

function portsOf(service: ServiceName): { name: string; containerPort: number }[] {
  const health = { name: 'health', containerPort: HEALTH_PORT };
  return service === 'ingress' ? [{ name: 'http', containerPort: HTTP_PORT }, health] : [health];
}

function networkPolicy(part: string, spec: Json, suffix = ''): Json {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metaOf(part, suffix),
    spec: { podSelector: { matchLabels: labelsOf(part) }, ...spec },
  };
}

function to(server: 'postgres' | 'nats'): Json {
  return { to: raw(`${server}.to`), ports: [{ protocol: 'TCP', port: raw(`${server}.port`) }] };
}

function nameOf(part: string): string {
  return `{{ .Release.Name }}-${part}`;
}

function metaOf(part: string, suffix = ''): Json {
  return {
    name: `${nameOf(part)}${suffix}`,
    labels: { ...labelsOf(part), 'app.kubernetes.io/part-of': 'countersign' },
  };
}

function labelsOf(part: string): Json {
  return { 'app.kubernetes.io/name': part, 'app.kubernetes.io/instance': '{{ .Release.Name }}' };
}
