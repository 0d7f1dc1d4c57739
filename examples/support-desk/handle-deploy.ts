/**
 * The work of pool `infra-prod-write`: puts a release into its folder and points `current` at it. The last step is one
 * rename, so a deploy that is cut short changes nothing that is served.
 */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handle } from '@countersign/worker/worker-options';
import { z } from 'zod';

const deploy = z.object({
  service: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** A dot alone would be a path; the policy's schema and this one both start with another character. */
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/),
  replicas: z.int().min(1).max(50).default(1),
});

export function handleDeploy(release_dir: string): Handle {
  return async (job, { signal }) => {
    const { service, version, replicas } = deploy.parse(job.payload);
    const service_dir = join(release_dir, service);
    const release = join(service_dir, version);
    await mkdir(release, { recursive: true });
    const manifest = { service, version, replicas, env: job.labels.env, job_id: job.job_id };
    await writeFile(join(release, 'release.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal.throwIfAborted();
    const next = join(service_dir, `.current-${job.dispatch_id}`);
    await rm(next, { force: true });
    await symlink(version, next);
    await rename(next, join(service_dir, 'current'));
    return { service, version, deployed: true };
  };
}
