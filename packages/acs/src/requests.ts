/** Makes a job of a call. Its facts are those of the first asking: asked for again while it waits, it is the same job. */
import type { ToolCall } from '@countersign/adapter-core/gate';
import type { JobRequestInput } from '@countersign/contracts/job';
import { labelValue } from '@countersign/contracts/names';
import type { AcsCall } from './read-call.ts';

export type Requests = {
  /** What the gate is to be asked, with these labels as far as they can be some. */
  callOf(
    run: string,
    call: AcsCall,
    labels: Record<string, string>,
  ): Pick<ToolCall, 'framework' | 'run' | 'call_id' | 'tool' | 'input'>;
  requestOf(call: Pick<ToolCall, 'run' | 'call_id' | 'tool' | 'input'>): JobRequestInput;
  /** The labels of the first asking. */
  labelsOf(run: string, call_id: string): Labels;
};
export type Labels = Readonly<Record<string, string>>;
/** Of a call that an earlier process asked for. */
export type Asked = { run: string; call_id: string; labels: Labels };

const REMEMBERED = 1_000;

export function requestsOf(host: string, asked: readonly Asked[] = []): Requests {
  const facts = new Map(asked.map(({ run, call_id, labels }) => [`${run} ${call_id}`, labels]));
  const labelsOf = (run: string, call_id: string): Labels => facts.get(`${run} ${call_id}`) ?? {};
  return {
    labelsOf,
    callOf(run, { key, tool, topic, input }, labels) {
      const name = `${run} ${key}`;
      if (!facts.has(name)) facts.set(name, usable({ ...labels, acs_tool: tool }));
      if (facts.size > REMEMBERED) facts.delete(facts.keys().next().value!);
      // Two names may share a topic; a call of one is never the held call of the other.
      return { framework: 'acs', run, call_id: key, tool: `${topic} ${tool}`, input };
    },
    requestOf({ run, call_id, tool, input }) {
      const topic = `job.acs.${host}.${tool.slice(0, tool.indexOf(' '))}`;
      return { topic, payload: input, labels: labelsOf(run, call_id) } as JobRequestInput;
    },
  };
}

function usable(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => labelValue.safeParse(value).success));
}
