/** A way to vCenter that writes down what goes through it. */
import { once } from 'node:events';
import { Agent, createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the answer's body. */
  readonly size: number;
}

export interface Recorder {
  /** Where the gateway finds vCenter. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  stop(): Promise<void>;
}

/** @param target the plain HTTP address of a simulator */
export async function startRecorder(target: string): Promise<Recorder> {
  const requests: RecordedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const body: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => body.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(body).toString();
      const onward = forward(new URL(incoming.url ?? '/', target), {
        agent,
        method: incoming.method,
        headers: incoming.headers,
      });
      onward.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          outgoing.write(chunk);
        });
        answer.on('end', () => {
          outgoing.end();
          const method = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(text)?.[1] ?? incoming.url ?? '';
          requests.push({ method, body: text, headers: replayable(incoming.headers), size });
        });
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sdk`,
    requests,
    async stop() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

function replayable(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const kept = ['content-type', 'soapaction', 'cookie', 'accept-encoding'];
  return Object.fromEntries(kept.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])));
}
