import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy in plain TCP that remembers what was sent through it, and breaks connections when told to. */
export interface BreakingProxy {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Everything that clients have sent, in the order of arrival. */
  sent(): string;
  /** How often `text` was sent. */
  count(text: string): number;
  /** Lets the next request that contains `text` through, and breaks its connection after so many bytes of the answer. */
  breakAnswer(text: string, afterBytes: number): void;
  /** Resolves once `text` was sent. */
  seen(text: string): Promise<void>;
  close(): Promise<void>;
}

interface Break {
  readonly text: string;
  readonly afterBytes: number;
}

export async function startBreakingProxy(target: string): Promise<BreakingProxy> {
  const [targetHost, targetPort] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const breaks: Break[] = [];
  const watchers = new Set<() => void>();
  let sent = '';

  const server = createServer((client) => {
    const upstream = connect(Number(targetPort), targetHost);
    let armed: Break | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    client.on('data', (chunk) => {
      sent += chunk.toString('latin1');
      const found = breaks.findIndex(({ text }) => chunk.includes(text));
      if (found !== -1) [armed] = breaks.splice(found, 1);
      for (const watch of watchers) watch();
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!armed) {
        client.write(chunk);
        return;
      }
      const { afterBytes } = armed;
      client.write(chunk.subarray(0, afterBytes), () => client.resetAndDestroy());
      upstream.destroy();
    });
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => {
      if (!armed) client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const count = (text: string) => sent.split(text).length - 1;

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    count,
    breakAnswer: (text, afterBytes) => breaks.push({ text, afterBytes }),
    seen: (text) =>
      new Promise((resolve) => {
        const watch = () => {
          if (count(text) === 0) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
