/** A TCP relay to a plain-HTTP server that keeps everything a client sent. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface RecordingProxy {
  readonly host: string;
  /** Each HTTP request so far, head and body, in the order in which they began. */
  requests(): string[];
  stop(): Promise<void>;
}

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(`http://${target}`);
  const requests: { text: string }[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let current: { text: string } | undefined;
    client.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      if (current === undefined || /^(GET|POST|PUT) \S+ HTTP\/1\.1\r\n/.test(text)) {
        current = { text: '' };
        requests.push(current);
      }
      current.text += text;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests.map(({ text }) => text),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
