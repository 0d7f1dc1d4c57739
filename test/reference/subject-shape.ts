/** A subject as people read it, with `<name>` in place of each token that its function takes. */

/** A token for each parameter of a subject's function; the topic's tail is written as one. */
const SAMPLES: Readonly<Record<string, string>> = { topic: 'job.tail', chain: 'job:tenant:job_id' };

export function shapeOf(of: (...tokens: never[]) => string): string {
  const build = of as unknown as (...tokens: string[]) => string;
  const names =
    /^\(([^)]*)\)/
      .exec(String(build))?.[1]
      ?.split(',')
      .map((name) => name.trim()) ?? [];
  const given = names.filter((name) => name !== '');
  const built = build(...given.map((name) => SAMPLES[name] ?? name));
  return given
    .map((name) => (name === 'topic' ? 'tail' : name))
    .reduce((shape, name) => shape.replace(new RegExp(`(?<=[._])${name}(?=\\.|$)`), `<${name}>`), built);
}
