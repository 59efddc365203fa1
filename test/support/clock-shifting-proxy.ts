import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ClockShiftingProxy {
  /** `127.0.0.1:port` */
  readonly host: string;
  stop(): Promise<void>;
}

/** In front of a plain-HTTP simulator: passes all on, and moves the time that `CurrentTime` answers. */
export async function startClockShiftingProxy(target: string, aheadSeconds: number): Promise<ClockShiftingProxy> {
  const moved = (_: string, time: string) =>
    `<returnval>${new Date(Date.parse(time) + aheadSeconds * 1000).toISOString()}</returnval>`;
  const server = createServer(async (incoming, outgoing) => {
    const { 'accept-encoding': _, ...headers } = incoming.headers;
    const upstream = forward(`http://${target}${incoming.url}`, { method: incoming.method, headers });
    upstream.on('response', async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      const body = text.includes('CurrentTimeResponse') ? text.replace(/<returnval>([^<]+)<\/returnval>/, moved) : text;
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': Buffer.byteLength(body) });
      outgoing.end(body);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
