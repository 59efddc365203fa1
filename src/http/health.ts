/** For probes: is the process alive, and can it do its work. Says what is red, never why: the log knows. */
import type { FastifyInstance } from 'fastify';

/** Each resolves to whether its part is ready; it never rejects and never hangs. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<boolean>>>;

export function healthRoutes(app: FastifyInstance, checks: ReadinessChecks): void {
  app.get('/healthz', async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ status: 'ok' });
  });

  app.get('/readyz', async (_request, reply) => {
    const names = Object.keys(checks);
    const states = await Promise.all(names.map((name) => checks[name]!()));
    const ready = states.every(Boolean);
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? 'ready' : 'not ready',
        checks: Object.fromEntries(names.map((name, i) => [name, states[i] ? 'ok' : 'failed'])),
      });
  });
}
