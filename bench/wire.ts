/** The requests of the benchmarks, byte for byte what the clients of each protocol send. */

export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const PROTOCOLS = ['2026-07-28', '2025-11-25'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const CLIENT = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

export function request(protocol: Protocol, method: string, params: Record<string, unknown>, token?: string) {
  const modern = protocol === '2026-07-28';
  return {
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': protocol,
      ...(modern ? { 'mcp-method': method } : {}),
      ...(modern && typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: modern ? { ...params, _meta: CLIENT } : params }),
  } satisfies WireRequest;
}

/** Sends one request and returns its JSON-RPC result; anything else is an error. */
export async function ask(url: string, { headers, body }: WireRequest): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  const json = /^data: (.+)$/m.exec(text)?.[1] ?? text;
  const { result } = JSON.parse(json) as { result?: Record<string, unknown> };
  if (response.status !== 200 || result === undefined) throw new Error(`HTTP ${response.status}: ${text}`);
  return result;
}
