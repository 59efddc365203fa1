/**
 * A vCenter's front door in plain HTTP: it answers `/api`, which the simulator does not, from what the simulator has
 * at `/rest`, passes everything else through, remembers what was asked, and lies where it is told to.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request as send } from 'undici';

export interface Asked {
  /** `GET /api/cis/tagging/tag` */
  readonly line: string;
  readonly authorization: string | undefined;
  readonly session: string | undefined;
  readonly body: string;
}

export interface RestPeer {
  readonly host: string;
  /** Every request but SOAP so far. */
  asked(): readonly Asked[];
  forget(): void;
  /** Answers in the place of the simulator; false leaves it to the simulator. */
  lie: (line: string, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

interface Options {
  /** Of a simulator without TLS. */
  readonly target: string;
  /** Whether it speaks `/api`. Default: yes. */
  readonly api?: boolean;
}

export async function startRestPeer({ target, api = true }: Options): Promise<RestPeer> {
  const agent = new Agent();
  const asked: Asked[] = [];

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = 'GET', url = '/', headers } = incoming;
    const line = `${method} ${url}`;
    if (!url.startsWith('/sdk')) {
      const session = headers['vmware-api-session-id'] as string | undefined;
      asked.push({ line, authorization: headers.authorization, session, body: body.toString() });
      if (peer.lie(line, response)) return;
    }
    const translated = api && url.startsWith('/api/');
    const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
    const got = await send(`http://${target}${translated ? toRest(url) : url}`, {
      dispatcher: agent,
      method: method as 'GET',
      headers: kept as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    const bytes = Buffer.from(await got.body.arrayBuffer());
    const { 'content-length': ____, 'transfer-encoding': _____, connection: ______, ...given } = got.headers;
    response.writeHead(got.statusCode, given as Record<string, string>);
    response.end(translated && got.statusCode === 200 && bytes.length > 0 ? unwrapped(bytes) : bytes);
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const peer: RestPeer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    forget: () => {
      asked.length = 0;
    },
    lie: () => false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.destroy();
    },
  };
  return peer;
}

function toRest(url: string): string {
  if (url === '/api/session') return '/rest/com/vmware/cis/session';
  return url
    .replace(/^\/api\//, '/rest/com/vmware/')
    .replace(/\/(urn%3A)/i, '/id:$1')
    .replace('?action=', '?~action=');
}

function unwrapped(bytes: Buffer): string {
  return JSON.stringify((JSON.parse(bytes.toString()) as { value?: unknown }).value ?? null);
}
