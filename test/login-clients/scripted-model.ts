/**
 * What a program that talks to a model needs in order to call a tool: a Messages API on loopback that reads no
 * text. It asks for the tool that the first message names as `call TOOL`, and says afterwards what came back.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ScriptedModel {
  readonly url: string;
  /** Names of all tools that were offered to it, since the last time. */
  offered(): readonly string[];
  close(): Promise<void>;
}

interface Asked {
  readonly stream?: boolean;
  readonly tools?: readonly { readonly name: string }[];
  readonly messages?: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
}

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

export async function startScriptedModel(): Promise<ScriptedModel> {
  const offered = new Set<string>();
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages')) {
      response.writeHead(404).end('{}');
      return;
    }
    const asked = (await json(request)) as Asked;
    if (request.url.includes('count_tokens')) {
      response.setHeader('content-type', 'application/json').end('{"input_tokens":1}');
      return;
    }
    for (const { name } of asked.tools ?? []) offered.add(name);
    say(response, asked.stream === true, answerTo(asked));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    offered() {
      const names = [...offered];
      offered.clear();
      return names;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answerTo({ messages = [], tools = [] }: Asked): Block {
  const blocks = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );
  const result = blocks.find(({ type }) => type === 'tool_result');
  if (result !== undefined) return { type: 'text', text: JSON.stringify(result) };
  const wanted = /\bcall (\w+)/.exec(blocks.map(({ text }) => String(text ?? '')).join('\n'))?.[1];
  const known = tools.some(({ name }) => name === wanted);
  return known
    ? { type: 'tool_use', id: `toolu_${crypto.randomUUID()}`, name: wanted, input: {} }
    : { type: 'text', text: `there is no tool ${wanted}` };
}

/** https://docs.claude.com/en/api/messages-streaming */
function say(response: ServerResponse, stream: boolean, block: Block): void {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const stop_reason = block.type === 'tool_use' ? 'tool_use' : 'end_turn';
  const message = { id: `msg_${crypto.randomUUID()}`, type: 'message', role: 'assistant', model: 'scripted' };
  if (!stream) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...message, content: [block], stop_reason, stop_sequence: null, usage }));
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const empty = block.type === 'text' ? { ...block, text: '' } : block;
  const delta =
    block.type === 'text' ? { type: 'text_delta', text: block.text } : { type: 'input_json_delta', partial_json: '{}' };
  send('message_start', { message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage } });
  send('content_block_start', { index: 0, content_block: empty });
  send('content_block_delta', { index: 0, delta });
  send('content_block_stop', { index: 0 });
  send('message_delta', { delta: { stop_reason, stop_sequence: null }, usage });
  send('message_stop', {});
  response.end();
}
