/** MCP by bare HTTP, for tests about what is on the wire. */

export interface McpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON-RPC messages of the answer, in order; a plain JSON body is one. */
  readonly messages: readonly JsonRpc[];
  readonly text: string;
}

export interface JsonRpc {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  readonly params?: Record<string, unknown>;
}

interface PostOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Posts one message (or a batch, or any text) as a client of protocol 2025-06-18 does. */
export async function post(
  url: string,
  body: unknown,
  { token, headers, signal }: PostOptions = {},
): Promise<McpAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, messages: messagesOf(response, text), text };
}

function messagesOf(response: Response, text: string): JsonRpc[] {
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    return text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as JsonRpc);
  }
  try {
    const parsed = JSON.parse(text) as JsonRpc | JsonRpc[];
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return [];
  }
}

export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly content: Record<string, unknown>;
}

/** Calls a tool and gives its result, whichever way it came. */
export async function callTool(
  url: string,
  name: string,
  args: Record<string, unknown> = {},
  options: PostOptions = {},
): Promise<ToolAnswer> {
  const answer = await post(
    url,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
    options,
  );
  const result = answer.messages.find(({ id }) => id === 1)?.result;
  if (result === undefined) throw new Error(`no result of ${name}: HTTP ${answer.status} ${answer.text.slice(0, 500)}`);
  const content = result.content as { text?: string }[];
  return {
    isError: result.isError === true,
    text: content[0]?.text ?? '',
    content: (result.structuredContent ?? {}) as Record<string, unknown>,
  };
}

/** The names that a list shows. */
export async function listed(url: string, method: 'tools/list' | 'resources/list', options: PostOptions = {}) {
  const answer = await post(url, { jsonrpc: '2.0', id: 1, method }, options);
  const result = answer.messages[0]?.result ?? {};
  const items = (result.tools ?? result.resources ?? []) as { name: string }[];
  return items.map(({ name }) => name);
}
