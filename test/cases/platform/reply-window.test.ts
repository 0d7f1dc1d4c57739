/**
 * Many questions over one subscription: which message settles which, what is asked again and when, and that nothing is
 * left waiting. The connection is played, and time passes as the test says.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Connection, Message } from '@countersign/platform/nats-connection';
import { type Asking, openReplyWindow, type Reply } from '@countersign/platform/reply-window';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const INBOX = '_INBOX_ingress.token';
type Sent = { subject: string; data: string; reply: string };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function play() {
  const sent: Sent[] = [];
  let deliver: (message: Message) => void = () => {};
  const state = { connected: true, subscribed: '' };
  const connection = {
    inbox: INBOX,
    isConnected: () => state.connected,
    publish: (subject: string, data: string, { reply }: { reply: string }) => void sent.push({ subject, data, reply }),
    subscribe: (subject: string, _: null, handle: (message: Message) => void) => {
      state.subscribed = subject;
      deliver = handle;
      return () => {
        state.subscribed = '';
      };
    },
  } as unknown as Connection;
  const window = openReplyWindow(connection);
  const say = (reply: string, text: string, status = 0): void =>
    deliver({ subject: reply, reply: undefined, data: Buffer.from(text), headers: new Map(), status });
  const ask = (asking: Partial<Asking> = {}): Promise<string> =>
    window.ask('rpc.any', 'question', { timeout_ms: 3_000, ...asking }).then(textOf);
  return { sent, state, window, say, ask };
}

function textOf(reply: Reply): string {
  return reply.ok ? Buffer.from(reply.message.data).toString() : reply.reason;
}

function isGood({ data }: Message): boolean {
  return Buffer.from(data).toString() === 'good';
}

test('nothing wakes the process while no question is open', async () => {
  const { sent, say, ask } = play();
  expect(vi.getTimerCount()).toBe(0);
  for (const how of ['answered', 'given up']) {
    const answer = ask({ timeout_ms: 100 });
    expect(vi.getTimerCount()).toBe(1);
    if (how === 'answered') say(sent.at(-1)!.reply, 'yes');
    vi.advanceTimersByTime(200);
    expect(await answer).toBe(how === 'answered' ? 'yes' : 'timeout');
    expect(vi.getTimerCount()).toBe(0);
  }
});

describe('a question', () => {
  test('is settled by the answer on its own subject, in whatever order answers come', async () => {
    const { sent, say, ask } = play();
    const answers = Promise.all([ask(), ask(), ask()]);
    expect(new Set(sent.map(({ reply }) => reply)).size).toBe(3);
    for (const { reply } of sent) expect(reply.startsWith(`${INBOX}.reply.`)).toBe(true);
    for (const i of [2, 0, 1]) say(sent[i]!.reply, `to ${i}`);
    expect(await answers).toEqual(['to 0', 'to 1', 'to 2']);
  });

  test('is settled once: what comes again or too late, or names no question, is nothing', async () => {
    const { sent, say, ask } = play();
    const [first, second] = [ask(), ask({ timeout_ms: 100 })];
    say(sent[0]!.reply, 'first');
    say(sent[0]!.reply, 'second');
    vi.advanceTimersByTime(200);
    say(sent[1]!.reply, 'late');
    for (const name of ['', 'x', '-1', '7', 'NaN']) say(`${INBOX}.reply.${name}`, 'stray');
    expect(await Promise.all([first, second])).toEqual(['first', 'timeout']);
  });

  test('to nobody fails at once, and one without a connection is never sent', async () => {
    const { sent, say, state, ask } = play();
    const asked = ask();
    say(sent[0]!.reply, '', 503);
    expect(await asked).toBe('no_responders');
    state.connected = false;
    expect(await ask()).toBe('closed');
    expect(sent).toHaveLength(1);
  });

  test('that may not be repeated is sent once, and a message that is no answer to it ends it', async () => {
    const { sent, say, ask } = play();
    const silent = ask({ isAnswer: isGood });
    vi.advanceTimersByTime(2_900);
    expect(sent).toHaveLength(1);
    say(sent[0]!.reply, 'bad');
    expect(await silent).toBe('mismatch');
  });
});

describe('a question that may be repeated', () => {
  const repeated = () => {
    const played = play();
    const onRepeat = vi.fn();
    const asked = played.ask({ isAnswer: isGood, onRepeat });
    return { ...played, asked, onRepeat };
  };

  test('goes out again in several copies after 500 ms of silence and then every 200, on the same reply, until its time is over', async () => {
    const { sent, asked, onRepeat } = repeated();
    vi.advanceTimersByTime(450);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(50);
    expect(sent).toHaveLength(1 + LIMITS.repeat_copies);
    vi.advanceTimersByTime(400);
    expect(sent).toHaveLength(1 + 3 * LIMITS.repeat_copies);
    expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
    vi.advanceTimersByTime(5_000);
    expect(await asked).toBe('timeout');
    // At 0, 500, 700, … 2,900 ms.
    expect(sent).toHaveLength(1 + 13 * LIMITS.repeat_copies);
    expect(onRepeat).toHaveBeenCalledTimes(13);
  });

  test('takes the first answer that fits, and ends only when none is left that might', async () => {
    const first = repeated();
    vi.advanceTimersByTime(500);
    first.say(first.sent[0]!.reply, 'bad');
    first.say(first.sent[0]!.reply, 'good');
    expect(await first.asked).toBe('good');
    const second = repeated();
    vi.advanceTimersByTime(500);
    let said = '';
    void second.asked.then((text) => {
      said = text;
    });
    // To the first, and to each copy but one.
    for (let i = 0; i < LIMITS.repeat_copies; i += 1) second.say(second.sent[0]!.reply, 'bad');
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toBe('');
    second.say(second.sent[0]!.reply, '', 503);
    expect(await second.asked).toBe('no_responders');
  });

  test('is not sent while the connection is away, and goes on with it', async () => {
    const { sent, state, say, asked } = repeated();
    state.connected = false;
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(1);
    state.connected = true;
    vi.advanceTimersByTime(200);
    expect(sent).toHaveLength(1 + LIMITS.repeat_copies);
    say(sent[0]!.reply, 'good');
    expect(await asked).toBe('good');
  });
});

test('closed, it answers all that wait, asks no more and listens no more', async () => {
  const { sent, state, window, ask } = play();
  const waiting = [ask(), ask({ onRepeat: () => {} })];
  window.close();
  expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
  vi.advanceTimersByTime(2_000);
  expect([sent.length, state.subscribed]).toEqual([2, '']);
});
