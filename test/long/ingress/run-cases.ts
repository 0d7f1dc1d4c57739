/**
 * A rule over what a run did, `by: run`, met by an agent through an adapter as it ships; part of the one set-up of end-to-end.test.ts. The
 * run is the adapter's: the model names neither it nor the label.
 */

import { guardTools } from '@countersign/adapter-ai-sdk/guard-tools';
import { remoteGate } from '@countersign/adapter-core/remote-gate';
import { createClient } from '@countersign/client/create-client';
import { expect, test } from 'vitest';
import type { TestSystem } from '../../harness/start-system.ts';

export const RUN_RULES: [from: string, to: string][] = [
  ['default_decision: deny\n', 'default_decision: deny\nrun: { by: run }\n'],
  [
    'topics:\n',
    `topics:
  job.demo.customer: { capability: demo.read, data: [customer], required_labels: [run] }
  job.demo.send: { capability: demo.read, required_labels: [run] }
`,
  ],
  [
    'rules:\n',
    `rules:
  - id: no-send-after-customer
    match: { topics: [job.demo.send], run: { released: [customer] } }
    decision: deny
    reason: customer data was released into this run
  - { id: demo-run, match: { topics: [job.demo.customer, job.demo.send] }, decision: allow, reason: the demo }
`,
  ],
];

export function runCases(running: () => TestSystem): void {
  test('an adapter’s run: what was released into one bounds it, and no other', async () => {
    const { url, keys, tenant } = running();
    const ran: string[] = [];
    const gate = remoteGate({
      client: createClient({ url, api_key: keys.api_keys.agent, tenant }),
      url,
      agent: 'desk-agent',
      requestOf: ({ tool }) => ({ topic: `job.demo.${tool}` }),
    });
    const own = (name: string) => ({ execute: () => ran.push(name) });
    const chat = (run: string) => guardTools({ customer: own('customer'), send: own('send') }, { gate, run });
    let calls = 0;
    const call = async (run: string, tool: 'customer' | 'send'): Promise<unknown> => {
      calls += 1;
      const execute = chat(run)[tool].execute as unknown as (input: object, options: object) => Promise<unknown>;
      return execute({}, { toolCallId: `call-${calls}` }).catch(({ message }: Error) => message);
    };
    expect(await call('chat-1', 'send')).toEqual({ done: true });
    expect(await call('chat-1', 'customer')).toEqual({ done: true });
    expect(await call('chat-1', 'send')).toMatch(/^Not run\. Denied by rule no-send-after-customer/);
    expect(await call('chat-2', 'send')).toEqual({ done: true });
    expect(ran).toEqual([]);
  });
}
