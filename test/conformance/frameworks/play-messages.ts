/** The model of the Claude Agent SDK, played on this machine: calls a tool once, and keeps what it is then told of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type PlayedCall = { id: string; name: string; input: Record<string, unknown> };
type PlayedModel = AsyncDisposable & {
  url: string;
  /** What the model was told of its call, as text; undefined while it was not asked again. */
  told(): string | undefined;
};

export async function playMessages(call: PlayedCall): Promise<PlayedModel> {
  let told: string | undefined;
  const server = createServer((asked, answer) => {
    let text = '';
    asked.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    asked.on('end', () => {
      if (!/^\/v1\/messages(\?|$)/.test(asked.url ?? '')) return void answer.end('{"input_tokens":1}');
      const { messages } = JSON.parse(text);
      const result = messages
        .flatMap(({ content }: any) => (Array.isArray(content) ? content : []))
        .find(({ type }: { type: string }) => type === 'tool_result');
      if (result !== undefined) told = textOf(result.content);
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.end(eventsOf(result === undefined ? call : null));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return (content as { text?: string }[]).map(({ text }) => text ?? '').join('\n');
}

/** Streamed, as the messages API of Anthropic does. */
function eventsOf(call: PlayedCall | null): string {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'played', content: [], usage };
  const block =
    call === null ? { type: 'text', text: '' } : { type: 'tool_use', id: call.id, name: call.name, input: {} };
  const delta =
    call === null
      ? { type: 'text_delta', text: 'done' }
      : { type: 'input_json_delta', partial_json: JSON.stringify(call.input) };
  const stop_reason = call === null ? 'end_turn' : 'tool_use';
  const events: [string, object][] = [
    ['message_start', { message: { ...message, stop_reason: null, stop_sequence: null } }],
    ['content_block_start', { index: 0, content_block: block }],
    ['content_block_delta', { index: 0, delta }],
    ['content_block_stop', { index: 0 }],
    ['message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 1 } }],
    ['message_stop', {}],
  ];
  return events.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`).join('');
}
