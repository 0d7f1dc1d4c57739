/** A `subscriptions/listen` over HTTP: what the library streams, with what its client hears of tasks among it. */
import { type FollowTasks, listenForTasks, type Message } from './listened-tasks.ts';

/** `fetch` is how the library answers. The stream ends what it follows, however it ends itself. */
export async function listenOverHttp(
  follow: FollowTasks,
  message: Message,
  fetch: (message: Message) => Promise<Response>,
): Promise<Response> {
  let stream: TransformStreamDefaultController<string> | undefined;
  const listening = listenForTasks(follow, async (said) => {
    try {
      stream!.enqueue(frameOf(said));
      return true;
    } catch {
      return false;
    }
  });
  const heard = listening.hear(message);
  if ('answer' in heard) return Response.json(heard.answer, { status: 400 });
  const response = await fetch(heard.pass);
  if (response.body === null || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  const shown = new TransformStream<string, string>({
    start: (controller: TransformStreamDefaultController<string>) => {
      stream = controller;
    },
    // The library writes each event at once.
    transform: (text: string, controller: TransformStreamDefaultController<string>) => {
      for (const frame of text.split(/(?<=\n\n)/)) {
        const [, data] = /^event: message\ndata: (.*)\n\n$/.exec(frame) ?? [];
        const said = data === undefined ? null : listening.show(JSON.parse(data));
        if (data === undefined) controller.enqueue(frame);
        else if (said !== null) controller.enqueue(frameOf(said));
      }
    },
    flush: () => listening.close(),
    cancel: () => listening.close(),
  } as ConstructorParameters<typeof TransformStream<string, string>>[0]);
  const body = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(shown)
    .pipeThrough(new TextEncoderStream());
  return new Response(body, response);
}

function frameOf(message: Message): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
