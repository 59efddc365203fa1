/** The clients that people have, behind one interface: both lines of the SDK, and both kinds of protocol. */
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpTransportV2,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioTransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number; total?: number | undefined }) => void;
}

export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Record<string, unknown> | undefined;
}

export interface McpClient {
  readonly protocol: string | undefined;
  tools(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  resources(): Promise<string[]>;
  templates(): Promise<string[]>;
  /** The text of a resource. */
  read(uri: string): Promise<string>;
  close(): Promise<void>;
}

/** How to reach the gateway: at an address with a token, or as a process of its own. */
export type Way =
  | { readonly url: string; readonly token: string }
  | { readonly command: string; readonly args: string[]; readonly env: Record<string, string> };

export interface Kind {
  readonly name: string;
  readonly protocol: string;
  connect(way: Way): Promise<McpClient>;
}

const SELF = { name: 'client-of-the-tests', version: '1.0.0' };

export const KINDS: readonly Kind[] = [
  { name: 'SDK v1', protocol: '2025-11-25', connect: connectV1 },
  { name: 'SDK v2 as an older client', protocol: '2025-11-25', connect: (way) => connectV2(way, 'legacy') },
  { name: 'SDK v2', protocol: '2026-07-28', connect: (way) => connectV2(way, 'auto') },
];

async function connectV1(way: Way): Promise<McpClient> {
  const client = new ClientV1(SELF);
  const transport =
    'url' in way
      ? new HttpTransportV1(new URL(way.url), { requestInit: bearer(way.token) })
      : new StdioTransportV1({ ...way, stderr: 'ignore' });
  let protocol: string | undefined;
  const heard: TransportV1 = transport;
  const pass = heard.setProtocolVersion?.bind(transport);
  heard.setProtocolVersion = (version) => {
    protocol = version;
    pass?.(version);
  };
  await client.connect(heard);
  return {
    ...shared(client, (name, args, options) => client.callTool({ name, arguments: args }, undefined, options)),
    protocol,
  };
}

async function connectV2(way: Way, mode: 'auto' | 'legacy'): Promise<McpClient> {
  const client = new ClientV2(SELF, { versionNegotiation: { mode } });
  const transport: Transport =
    'url' in way
      ? new HttpTransportV2(new URL(way.url), { requestInit: bearer(way.token) })
      : new StdioTransportV2({ ...way, stderr: 'ignore' });
  await client.connect(transport);
  return {
    ...shared(client, (name, args, options) => client.callTool({ name, arguments: args }, options)),
    protocol: client.getNegotiatedProtocolVersion(),
  };
}

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

interface Shared {
  close(): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: object[] }>;
}

/** What both lines of the SDK do alike. */
function shared(
  client: Shared,
  call: (name: string, args: Record<string, unknown>, options: CallOptions) => Promise<Record<string, unknown>>,
): Omit<McpClient, 'protocol'> {
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    async read(uri) {
      const [content] = (await client.readResource({ uri })).contents;
      return (content as { text: string }).text;
    },
    async call(name, args = {}, options = {}) {
      const result = await call(name, args, options);
      const [first] = result.content as { text?: string }[];
      return {
        isError: result.isError === true,
        text: first?.text ?? '',
        structured: result.structuredContent as Record<string, unknown> | undefined,
      };
    },
    close: () => client.close(),
  };
}
