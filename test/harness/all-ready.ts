/** Whether every service says that it is ready: until then one of two instances may not have come back where the other one has. */
import type { TestSystem } from './start-system.ts';

export async function allReady({ services }: TestSystem): Promise<boolean> {
  const answers = await Promise.all(services.health_urls.map((url) => fetch(`${url}/readyz`).catch(() => null)));
  return answers.every((answer) => answer?.status === 200);
}
