/** A server with what the official conformance suite of MCP asks servers for, of the results that a proxy can hand on. */
import {
  completable,
  createMcpHandler,
  type McpHttpHandler,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';
const text = (said: string) => ({ type: 'text' as const, text: said });
const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, said: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: said },
});

const TOOLS = {
  test_simple_text: [text('This is a simple text response for testing.')],
  test_image_content: [image],
  test_audio_content: [{ type: 'audio' as const, data: WAV, mimeType: 'audio/wav' }],
  test_embedded_resource: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  test_multiple_content_types: [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ],
};

export function suiteServer(): McpHttpHandler {
  return createMcpHandler(() => {
    const server = new McpServer({ name: 'suite', version: '1' });
    for (const [name, content] of Object.entries(TOOLS))
      server.registerTool(name, { description: name }, () => ({ content }));
    server.registerTool('test_error_handling', { description: 'Fails.' }, () => {
      throw new Error('This tool intentionally returns an error for testing');
    });
    server.registerTool('test_tool_with_progress', { description: 'Says how far it is.' }, async (ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : [0, 50, 100])
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken: progressToken!, progress, total: 100 },
        });
      return { content: [text('done')] };
    });
    addResources(server);
    addPrompts(server);
    return server;
  });
}

function addResources(server: McpServer): void {
  const said = { description: 'For the suite.' };
  server.registerResource('text', 'test://static-text', { ...said, mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('binary', 'test://static-binary', { ...said, mimeType: 'image/png' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'image/png', blob: PNG }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, said, ({ href: uri }, { id }) => ({
    contents: [
      {
        uri,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
      },
    ],
  }));
}

function addPrompts(server: McpServer): void {
  const says = (...contents: object[]) => ({
    messages: contents.map((content) => ({ role: 'user' as const, content: content as never })),
  });
  const prompt = (
    name: string,
    argsSchema: z.ZodObject | undefined,
    answer: (args: Record<string, string>) => object[],
  ) =>
    server.registerPrompt(
      name,
      { description: name, ...(argsSchema ? { argsSchema } : {}) } as never,
      ((args: never) => says(...answer(args))) as never,
    );
  prompt('test_simple_prompt', undefined, () => [text('This is a simple prompt for testing.')]);
  const completed = completable(z.string(), (begun) =>
    ['paris', 'park', 'party'].filter((each) => each.startsWith(begun)),
  );
  prompt('test_prompt_with_arguments', z.object({ arg1: completed, arg2: z.string() }), ({ arg1, arg2 }) => [
    text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`),
  ]);
  prompt('test_prompt_with_embedded_resource', z.object({ resourceUri: z.string() }), ({ resourceUri }) => [
    resource(resourceUri!, 'text/plain', 'Embedded resource content for testing.'),
    text('Please process the embedded resource above.'),
  ]);
  prompt('test_prompt_with_image', undefined, () => [image, text('Please analyze the image above.')]);
}
