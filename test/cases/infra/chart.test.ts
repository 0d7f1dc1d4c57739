/**
 * The chart, as it is written and filled in: every resource by the schemas of the Kubernetes API, and what each service gets of it.
 * Where helm is at hand it has to make the same.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { VERSION } from '@countersign/contracts/version';
import { CHART_DIR, fillIn, renderTemplates, renderValuesSchema } from '@countersign/infra/helm/render-chart';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const MODELS = { Deployment, Job, NetworkPolicy, PodDisruptionBudget, Service, ServiceAccount };
const read = (name: string): string => readFileSync(join(CHART_DIR, name), 'utf8');
const image = `registry.example.com/countersign@sha256:${'0'.repeat(64)}`;
const values = { ...parse(read('values.yaml')), image };
const templates = renderTemplates();

type Resource = { kind: keyof typeof MODELS; metadata: { name: string }; spec?: any };

function filled(name: string, given: object = values): Resource[] {
  return documentsIn(fillIn(templates[name]!, given as Record<string, unknown>, 'cs'));
}

function documentsIn(text: string): Resource[] {
  return parseAllDocuments(text).flatMap((document) => {
    expect(document.errors).toEqual([]);
    return document.contents === null ? [] : [document.toJS()];
  });
}

function faultsOf(resource: Resource): string[] {
  try {
    new MODELS[resource.kind](resource as never).validate();
    return [];
  } catch (thrown) {
    return [`${resource.kind} ${resource.metadata.name}: ${(thrown as Error).message}`];
  }
}

const all = Object.keys(templates).flatMap((name) => filled(name));
const pods = all.filter(({ kind }) => kind === 'Deployment' || kind === 'Job').map(({ spec }) => spec.template.spec);

test('its templates are what the code writes, and its version the system’s', () => {
  const names = readdirSync(join(CHART_DIR, 'templates'));
  expect(Object.fromEntries(names.map((name) => [name, read(`templates/${name}`)]))).toEqual(templates);
  expect(parse(read('Chart.yaml'))).toMatchObject({ apiVersion: 'v2', version: VERSION, appVersion: VERSION });
});

test('values are checked: a name with a mistake in it, a wrong type, no image', () => {
  expect(read('values.schema.json')).toBe(renderValuesSchema());
  const schema = z.fromJSONSchema(JSON.parse(renderValuesSchema()));
  const refuses = (change: object): boolean => !schema.safeParse({ ...values, ...change }).success;
  expect(refuses({})).toBe(false);
  expect(refuses({ audit: { ...values.audit, egress: [{ ports: [{ port: 443 }] }] } })).toBe(false);
  for (const wrong of [
    { image: '' },
    { ingres: {} },
    { audit: { ...values.audit, replica: 3 } },
    { nats: { port: '4222', to: [] } },
  ])
    expect(refuses(wrong), JSON.stringify(wrong)).toBe(true);
});

test('every resource is one by the schemas of the Kubernetes API, which would refuse a mistake', () => {
  expect(all.flatMap(faultsOf)).toEqual([]);
  expect(all.length).toBe(SERVICES.length * 6 + 2);
  const wrong = structuredClone(all.find(({ kind }) => kind === 'Deployment')!);
  wrong.spec.template.spec.containers[0].ports[0].containerPort = 'http';
  expect(faultsOf(wrong)).toEqual([expect.stringContaining('containerPort')]);
});

test('each service stands alone: its probes, its budget, its secret and nobody else’s', () => {
  for (const service of SERVICES) {
    const own = filled(`${service}.yaml`);
    const kinds = own.map(({ kind }) => kind);
    expect(kinds).toEqual([
      'ServiceAccount',
      'Deployment',
      'Service',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'NetworkPolicy',
    ]);
    const pod = own[1]!.spec.template.spec;
    const [container] = pod.containers;
    expect(
      [container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet),
    ).toEqual(['/livez', '/livez', '/readyz'].map((path) => ({ path, port: 'health' })));
    expect(pod.volumes.filter((each: object) => 'secret' in each)).toMatchObject([
      { secret: { secretName: `countersign-${service}` } },
    ]);
    expect(own[3]!.spec.selector.matchLabels).toEqual(own[1]!.spec.selector.matchLabels);
    const off = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, { ...(value as object), enabled: false }]),
    );
    expect(filled(`${service}.yaml`, off)).toEqual([]);
  }
  const secrets = pods.flatMap(({ volumes }) => volumes.filter((each: object) => 'secret' in each));
  expect(new Set(secrets.map(({ secret }: any) => secret.secretName)).size).toBe(SERVICES.length);
});

test('nobody runs as root, writes to the image, gains rights or has a token of the cluster', () => {
  expect(pods).toHaveLength(SERVICES.length + 1);
  for (const pod of pods) {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000 },
    });
    for (const { securityContext, resources } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  }
});

test('ways in and out: metrics for all, the API at ingress alone; the servers and names, and nothing else', () => {
  for (const service of SERVICES) {
    const { ingress, egress, policyTypes } = filled(`${service}.yaml`)[4]!.spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(ingress.flatMap(({ ports }: any) => ports.map(({ port }: any) => port))).toEqual(
      service === 'ingress' ? [9100, 8081] : [9100],
    );
    expect(egress.flatMap(({ ports }: any) => ports.map(({ port }: any) => port))).toEqual([53, 53, 5432, 4222]);
  }
});

test('what helm alone could fill in is refused', () => {
  expect(() => fillIn('{{- if .Values.a }}\n{{ include "x" . }}\n{{- end }}\n', { a: true }, 'cs')).toThrow(
    'helm alone',
  );
});

const helm = spawnSync('helm', ['version']).status === 0;
test.skipIf(!helm)(`helm makes the same${helm ? '' : ' (no helm here)'}`, () => {
  const made = documentsIn(
    execFileSync('helm', ['template', 'cs', CHART_DIR, '--set', `image=${image}`], { encoding: 'utf8' }),
  );
  const sorted = (list: readonly Resource[]) => list.toSorted((a, b) => nameIn(a).localeCompare(nameIn(b)));
  expect(sorted(made)).toEqual(sorted(all));
});

function nameIn({ kind, metadata }: Resource): string {
  return `${kind}/${metadata.name}`;
}
