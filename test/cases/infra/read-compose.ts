/** Reads docker-compose.yml as somebody would start it who sets no variable. */
import { readFileSync } from 'node:fs';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { parse } from 'yaml';
import { z } from 'zod';

const condition = z.enum(['service_healthy', 'service_completed_successfully']);
const container = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), args: z.record(z.string(), z.string()) }).optional(),
  pull_policy: z.literal('never').optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition })).default({}),
  healthcheck: z
    .union([
      z.strictObject({ disable: z.literal(true) }),
      z.strictObject({
        test: z.tuple([z.literal('CMD')], z.string()),
        interval: z.string(),
        timeout: z.string(),
        retries: z.int(),
        start_period: z.string().optional(),
      }),
    ])
    .optional(),
  profiles: z.array(z.string()).default([]),
  restart: z.literal('unless-stopped').optional(),
  stop_grace_period: z.string().optional(),
  read_only: z.literal(true).optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
});
type Container = z.output<typeof container>;

export function readProjectFile(path: string): string {
  return readFileSync(`${PROJECT_DIR}/${path}`, 'utf8');
}

export function readCompose(): { containers: Record<string, Container>; volumes: string[] } {
  const raw = parse(readProjectFile('docker-compose.yml'), { merge: true });
  // After parsing, as compose does it: what a variable gives is always a string.
  const file = JSON.parse(withDefaults(JSON.stringify(raw)));
  return {
    containers: z.record(z.string(), container).parse(file.services),
    volumes: Object.keys(file.volumes),
  };
}

/** From the inside out: a default may be another variable with a default. */
function withDefaults(text: string): string {
  const replaced = text.replaceAll(/\$\{\w+:-([^${}]*)\}/g, '$1');
  return replaced === text ? text : withDefaults(replaced);
}
