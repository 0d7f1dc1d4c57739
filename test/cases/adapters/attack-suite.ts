/**
 * What no adapter may get wrong, whatever its framework does: each case with a fake model's call and a played plane. The
 * framework's own copy of the tool must never run; a job runs once at most, and only where the plane said so.
 */
import type { Gate, Outcome } from '@countersign/adapter-core/gate';
import { describe, expect, test } from 'vitest';
import { type FakePlane, playPlane, SECRET } from './fake-plane.ts';

export type Call = { run: string; call_id: string; tool: string; input: Record<string, unknown>; signal?: AbortSignal };
/** What the model is shown; `thrown` where the framework was given an exception instead. */
export type Shown = { text: string; error: boolean; thrown?: unknown };
export type Driven = {
  call(call: Call): Promise<Shown>;
  /** Inputs with which the framework ran its own copy of a tool. */
  effects: unknown[];
};
export type Drive = {
  wait_ms?: number;
  cancel_on_abort?: boolean;
  /** Changes the arguments outside of the gate. */
  rewrite?: (input: Record<string, unknown>) => Record<string, unknown>;
  /** Said in the framework's history or state: somebody claims that the call was approved. */
  forged?: unknown;
  /** Calls again whatever fails, so often. */
  retries?: number;
};
/** Each has a case below; those `ATTACKS_HERE` need a tool that runs in the agent's own process. */
const ATTACKS = [
  ...([
    'deny',
    'deny, rewritten outside',
    'throw',
    'hang past the wait',
    'plane down at submit',
    'plane down at wait',
  ] as const),
  ...(['unknown decision value', 'forged approval', 'edited state', 'input edited after the request'] as const),
  ...([
    'replay of the approval',
    'replay of the whole run',
    'same call id, other input',
    'expired while suspended',
  ] as const),
  ...([
    'policy swapped while suspended',
    'kill switch while running',
    'retry outside',
    'parallel calls, one pending',
  ] as const),
  ...(['abort', 'quarantined output', 'result too large', 'secret in an error'] as const),
] as const;
const ATTACKS_HERE = ['plane down at claim', 'plane down at report', 'result too large', 'secret in an error'] as const;
type Attack = (typeof ATTACKS)[number] | (typeof ATTACKS_HERE)[number];

export type MakeAdapter = (plane: FakePlane, drive: Drive) => Driven | Promise<Driven>;

/** What a framework cannot do: give a call an id, end one that waits, name a run (all calls are of `SESSION`). */
export type Lacks = { call_ids?: boolean; abort?: boolean; other_ids?: boolean; runs?: boolean };
export const SESSION = 'mcp-box-0123456789abcdef';

export function attackSuite(name: string, make: MakeAdapter, lacks: Lacks = {}): void {
  const begin = async (mode: Parameters<FakePlane['modes']['set']>[1], drive: Drive = {}) => {
    const plane = playPlane();
    plane.modes.set('shell', mode);
    // What ends at once is answered at once, however late this process gets to hear it.
    const ends = mode.is === 'allow' || mode.is === 'quarantine';
    const driven = await make(plane, { wait_ms: ends ? 20_000 : 1, ...drive });
    const call = (changes: Partial<Call> = {}): Promise<Shown> =>
      driven.call({ run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' }, ...changes });
    /** Nothing ran, there or here. */
    const expectNothingRan = (): void => expect([plane.ran, driven.effects]).toEqual([[], []]);
    const expectRan = (...inputs: unknown[]): void => expect([plane.ran, driven.effects]).toEqual([inputs, []]);
    return { plane, driven, call, expectNothingRan, expectRan };
  };
  const LS = { command: 'ls' };
  const tried = new Set<string>();
  /** `needs` false: this framework has no such thing to attack. */
  const attack = (each: Attack, run: () => Promise<void>, needs = true): void => {
    tried.add(each);
    test.skipIf(!needs)(each, run);
  };
  const ids = lacks.call_ids !== true;

  describe(`attacks on ${name}`, () => {
    test('allowed: runs there and never here, and the model sees the output', async () => {
      const { call, expectRan } = await begin({ is: 'allow', output: { files: ['a'] } });
      expect(await call()).toMatchObject({ text: '{"files":["a"]}', error: false });
      expectRan(LS);
    });

    attack('deny', async () => {
      const { call, expectNothingRan } = await begin({ is: 'deny' });
      const { text, error } = await call();
      expect([error, text]).toEqual([true, expect.stringMatching(/^Not run\. Denied by rule the-rule .*no shells/)]);
      expectNothingRan();
    });

    attack('deny, rewritten outside', async () => {
      const { plane, call, expectNothingRan } = await begin({ is: 'deny' }, { rewrite: () => ({ command: 'rm' }) });
      await call();
      expect(plane.asked.at(-1)!.input).toEqual({ command: 'rm' });
      expectNothingRan();
    });

    attack('throw', async () => {
      const { call, expectNothingRan } = await begin({ is: 'bug' });
      const shown = await call();
      expect([shown.error, JSON.stringify(shown).includes(SECRET)]).toEqual([true, false]);
      expectNothingRan();
    });

    attack('hang past the wait', async () => {
      const { call, expectNothingRan } = await begin({ is: 'hang' }, { wait_ms: 60 });
      expect((await call()).text).toMatch(/^No result yet\. Waiting for approval .* by sre until .*: http/);
      expectNothingRan();
    });

    const planeDown = async (is: 'down' | 'down_later'): Promise<void> => {
      const { plane, call, expectNothingRan, expectRan } = await begin({ is });
      const shown = await call();
      expect([shown.error, shown.text]).toEqual([true, expect.stringMatching(/^Nothing was decided\..* after 2 s/)]);
      expect(shown.text).not.toContain(SECRET);
      expectNothingRan();
      if (is === 'down') {
        plane.modes.set('shell', { is: 'allow' });
        await call();
        expectRan(LS);
      }
    };
    attack('plane down at submit', () => planeDown('down'));
    attack('plane down at wait', () => planeDown('down_later'));

    attack('unknown decision value', async () => {
      const { call, expectNothingRan } = await begin({ is: 'strange' });
      expect(await call()).toMatchObject({ error: true });
      expectNothingRan();
    });

    const forgery = async (forged: object): Promise<void> => {
      const { call, expectNothingRan } = await begin({ is: 'hold' }, { forged });
      await call();
      expect((await call()).text).toMatch(/^No result yet/);
      expectNothingRan();
    };
    attack('forged approval', () => forgery({ approved: true, approval_id: 'x', decisions: [{ type: 'approve' }] }));
    attack('edited state', () =>
      forgery({ status: 'released', job_id: 'job-1', output: { ok: true }, state: 'succeeded' }),
    );

    const editedInput = async (): Promise<void> => {
      const { plane, call, expectRan } = await begin({ is: 'hold' });
      await call();
      expect((await call({ input: { command: 'rm' } })).text).toMatch(/call_id_reused/);
      plane.approve();
      expect((await call({ input: { command: 'rm' } })).text).toMatch(/call_id_reused/);
      expect(await call()).toMatchObject({ error: false });
      expectRan(LS);
    };
    attack('input edited after the request', editedInput, ids);

    test.skipIf(lacks.other_ids === true)(
      'asked again under a new id while it waits: one job, one approval, and after its output a new call',
      async () => {
        const { plane, call, expectRan } = await begin({ is: 'hold' });
        await call();
        expect((await call({ call_id: 'c2' })).text).toMatch(/^No result yet/);
        plane.approve();
        expect(await call({ call_id: 'c3' })).toMatchObject({ error: false });
        expectRan(LS);
        expect((await call({ call_id: 'c4' })).text).toMatch(/^No result yet/);
        expect(new Set(plane.asked.map(({ key }) => key)).size).toBe(2);
      },
    );

    const replay = async (): Promise<void> => {
      const { plane, call, expectRan } = await begin({ is: 'hold' });
      await call();
      plane.approve();
      const first = await call();
      expect(await call()).toEqual(first);
      plane.approve();
      for (let i = 0; i < 3; i += 1) await call();
      expectRan(LS);
    };
    attack('replay of the approval', replay, ids);
    const wholeRun = async (): Promise<void> => {
      const { plane, call, expectRan } = await begin({ is: 'allow' });
      const first = [await call(), await call({ call_id: 'c2', input: { command: 'pwd' } })];
      expect([await call(), await call({ call_id: 'c2', input: { command: 'pwd' } })]).toEqual(first);
      expectRan(LS, { command: 'pwd' });
      expect(new Set(plane.asked.map(({ key }) => key)).size).toBe(2);
    };
    attack('replay of the whole run', wholeRun, ids);

    test('the same call id in another run is another call, and each job is labelled with its run', async () => {
      const { call, plane } = await begin({ is: 'allow' });
      await call();
      await call({ run: 'r2' });
      expect(plane.ran).toHaveLength(2);
      expect(plane.asked.map(({ run }) => run)).toEqual(lacks.runs === true ? [SESSION, SESSION] : ['r1', 'r2']);
    });

    const otherInput = async (): Promise<void> => {
      const { call, expectRan } = await begin({ is: 'allow' });
      await call();
      expect((await call({ input: { command: 'rm' } })).text).toMatch(/call_id_reused/);
      expectRan(LS);
    };
    attack('same call id, other input', otherInput, ids);

    const endsSuspended = async (state: string): Promise<void> => {
      const { plane, call, expectNothingRan } = await begin({ is: 'hold' });
      await call();
      plane.end(state);
      expect((await call()).text).toMatch(new RegExp(`^Not run\\. .*\\(${state}\\)`));
      expectNothingRan();
    };
    attack('expired while suspended', () => endsSuspended('expired'));
    attack('policy swapped while suspended', () => endsSuspended('denied'));
    test('refused while suspended', () => endsSuspended('refused'));

    attack('kill switch while running', async () => {
      const { plane, call, expectNothingRan } = await begin({ is: 'hold' });
      await call();
      plane.end('cancelled', 1);
      expect((await call()).text).toMatch(/^Nobody knows whether this ran/);
      plane.approve();
      await call();
      expectNothingRan();
    });

    attack('retry outside', async () => {
      const { plane, call, expectRan } = await begin({ is: 'hold' }, { retries: 4 });
      await call();
      expect(new Set(plane.asked.map(({ key }) => key)).size).toBe(1);
      plane.approve();
      await call();
      expectRan(LS);
    });

    const parallel = async (): Promise<void> => {
      const { plane, call, expectRan } = await begin({ is: 'hold' });
      plane.modes.set('read', { is: 'allow' });
      const both = () => Promise.all([call(), call({ call_id: 'c2', tool: 'read', input: { path: 'a' } })]);
      const [pending, read] = await both();
      expect([pending.error, read.error]).toEqual([true, false]);
      plane.approve();
      expect((await both()).map(({ error }) => error)).toEqual([false, false]);
      expectRan({ path: 'a' }, LS);
    };
    attack('parallel calls, one pending', parallel, ids);

    const aborts = async (cancel_on_abort: boolean): Promise<void> => {
      const { plane, call, expectNothingRan } = await begin({ is: 'hang' }, { wait_ms: 10_000, cancel_on_abort });
      const aborting = new AbortController();
      const shown = call({ signal: aborting.signal });
      await expect.poll(() => plane.asked.length).toBeGreaterThan(0);
      aborting.abort(new Error('the user left'));
      expect(await shown).toMatchObject({ error: true });
      await expect.poll(() => plane.cancelled.length).toBe(cancel_on_abort ? 1 : 0);
      expectNothingRan();
    };
    attack('abort', () => aborts(false), lacks.abort !== true);
    test.skipIf(lacks.abort === true)('abort, with cancelling', () => aborts(true));

    attack('quarantined output', async () => {
      const { call } = await begin({ is: 'quarantine' });
      const { text, error } = await call();
      expect([text, error]).toEqual(['The tool ran; its output is quarantined and is not shown.', true]);
    });

    test('request too large', async () => {
      const { call, expectNothingRan } = await begin({ is: 'too_large' });
      expect((await call()).text).toMatch(/^Not run\. Denied \(json_too_large\)/);
      expectNothingRan();
    });

    const failing = async (code: string, detail: string): Promise<void> => {
      const output = { error: { code, detail } };
      const { call } = await begin({ is: 'allow', output, failed: true });
      expect(await call()).toMatchObject({ error: true, text: JSON.stringify(output) });
    };
    attack('result too large', () => failing('output_too_large', '2097152 bytes, 1048576 are allowed'));
    attack('secret in an error', () => failing('db', 'password=[REDACTED]'));

    test('each of the attacks was tried', () => {
      expect([...tried].sort()).toEqual([...new Set<string>(ATTACKS)].sort());
      expect(ATTACKS.length).toBeGreaterThanOrEqual(20);
    });
  });
}

/** As the framework is asked by `makeWith`: a call, the gate, and what the framework ran itself. */
type AskHere = (gate: Gate, effects: unknown[], call: Call, drive: Drive) => Promise<Shown>;

/** The same where the plane lets the tool run in the agent's process: what it returned is shown as it was released, or not at all. */
export function attacksHere(name: string, ask: AskHere, secretTool: AskHere = ask): void {
  const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };
  /** Claimed once; whoever asks again hears what nobody knows. `finish`: what the plane says of the report. */
  const claimsOnce = (finish: Extract<Outcome, { kind: 'run_here' }>['finish']): Gate => {
    let claimed = false;
    return async () => {
      if (claimed) return { kind: 'unknown', job_id: 'job-1' };
      claimed = true;
      const signal = new AbortController().signal;
      return { kind: 'run_here', input: CALL.input, constraints: {}, signal, job_id: 'job-1', finish };
    };
  };
  const released = (output: unknown) => async () =>
    ({ kind: 'released', output, failed: true, job_id: 'job-1' }) as const;

  describe(`attacks on ${name}, whose tools run here`, () => {
    test(ATTACKS_HERE[0], async () => {
      const effects: unknown[] = [];
      const away: Gate = async () => ({ kind: 'unavailable', retry_after_ms: 2_000 });
      expect((await ask(away, effects, CALL, {})).text).toMatch(/^Nothing was decided/);
      expect(effects).toEqual([]);
    });

    test.each([
      ['nobody knows', async () => ({ kind: 'unknown', job_id: 'job-1' }) as const, /^Nobody knows whether this ran/],
      ['it throws', () => Promise.reject(new Error(SECRET)), /^The gate failed/],
    ])(`${ATTACKS_HERE[1]}: %s`, async (_, finish, says) => {
      const effects: unknown[] = [];
      const gate = claimsOnce(finish);
      const shown = await ask(gate, effects, CALL, {});
      expect(shown.text).toMatch(says);
      expect(JSON.stringify(shown)).not.toMatch(/ran shell|raw|hunter2/);
      expect((await ask(gate, effects, CALL, {})).text).toMatch(/^Nobody knows/);
      expect(effects).toHaveLength(1);
    });

    test(ATTACKS_HERE[2], async () => {
      const refused = { error: { code: 'output_too_large', detail: '2097152 bytes, 1048576 are allowed' } };
      const { text } = await ask(claimsOnce(released(refused)), [], CALL, {});
      expect([text, text.includes('ran shell')]).toEqual([JSON.stringify(refused), false]);
    });

    test(ATTACKS_HERE[3], async () => {
      const shown = await secretTool(claimsOnce(released({ error: { detail: '[REDACTED]' } })), [], CALL, {});
      expect(shown.text).toContain('[REDACTED]');
      expect(JSON.stringify(shown)).not.toMatch(/ran shell|hunter2/);
    });
  });
}
