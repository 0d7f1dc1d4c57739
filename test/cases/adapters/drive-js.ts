/** What the adapters of JavaScript share under the attack suite: a remote gate on the played plane, and calls again where it fails. */

import type { Gate } from '@countersign/adapter-core/gate';
import { remoteGate } from '@countersign/adapter-core/remote-gate';
import type { Call, Drive, Driven, MakeAdapter, Shown } from './attack-suite.ts';
import type { FakePlane } from './fake-plane.ts';

export type AskFramework = (gate: Gate, effects: unknown[], call: Call, drive: Drive) => Promise<Shown>;

export function makeWith(ask: AskFramework): MakeAdapter {
  return (plane, drive) => {
    const effects: unknown[] = [];
    const gate = gateOn(plane, drive);
    const { rewrite = (input) => input } = drive;
    const once = async (call: Call): Promise<Shown> => {
      try {
        return await ask(gate, effects, { ...call, input: rewrite(call.input) }, drive);
      } catch (thrown) {
        return { text: '', error: true, thrown };
      }
    };
    return again(effects, once, drive.retries);
  };
}

/** The remote gate, on the played plane. */
export function gateOn(plane: FakePlane, { cancel_on_abort = false }: Drive): Gate {
  return remoteGate({
    client: plane.client,
    url: 'http://127.0.0.1:8081',
    agent: 'desk-agent',
    cancel_on_abort,
    requestOf: ({ tool, input }) => ({ topic: `job.${tool}`, payload: { input } }),
  });
}

/** An agent that asks the same again while it is shown an error, as often as it retries. */
export function again(effects: unknown[], once: (call: Call) => Promise<Shown>, retries = 0): Driven {
  return {
    effects,
    async call(call) {
      let shown = await once(call);
      for (let i = 0; i < retries && shown.error; i += 1) shown = await once(call);
      return shown;
    },
  };
}

/** A gate that has the tool run here, with another input, and what it was told of it. */
export function runHere(finished: unknown[]): Gate {
  return async () => ({
    kind: 'run_here',
    input: { command: 'ls -l' },
    constraints: {},
    signal: new AbortController().signal,
    job_id: 'job-1',
    async finish(result) {
      finished.push(result);
      return { kind: 'released', output: 'screened', failed: 'error' in result, job_id: 'job-1' };
    },
  });
}
