/** Ten thousand requests that no client should send: always an answer, never a crash, a hang or a stack. */
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { callTool, post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const INPUTS = 10_000;
const AT_ONCE = 16;

describe.skipIf(!(await vcsimAvailable()))('malformed JSON over HTTP', () => {
  let vcsim: Vcsim;
  let gateway: TestGateway;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    vcsim = await startVcsim({});
    gateway = await startGateway(vcsim);
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await gateway?.close();
    await vcsim?.stop();
  });

  it(`answers each of ${INPUTS} inputs and goes on working`, { timeout: 180_000 }, async () => {
    const bodies = fc.sample(body(), INPUTS);
    const pool = new Pool(new URL(gateway.url).origin, { connections: AT_ONCE });
    const statuses = new Set<number>();
    let next = 0;
    const worker = async () => {
      while (next < bodies.length) {
        const text = bodies[next++]!;
        const answer = await pool.request({
          path: '/mcp',
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: text,
        });
        const said = await answer.body.text();
        statuses.add(answer.statusCode);
        expect(answer.statusCode, `to ${text.slice(0, 300)}`).toBeLessThan(500);
        expect(said, `to ${text.slice(0, 300)}`).not.toMatch(/\bat .*\.(js|ts):\d+|node_modules/);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await pool.close();
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400]));
    expect(unhandled).toEqual([]);
    expect((await callTool(gateway.url, 'list_vms')).isError).toBe(false);
  });

  it('refuses a body that is too long, and one that is nested too deeply, before anything looks at them', async () => {
    const records = gateway.records().length;
    expect((await post(gateway.url, `{"a":"${'x'.repeat(256 * 1024)}"}`)).status).toBe(413);
    const deep = `${'['.repeat(65)}${']'.repeat(65)}`;
    expect(
      (await post(gateway.url, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":${deep}}}`)).status,
    ).toBe(400);
    expect((await post(gateway.url, '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/list"}}')).status).toBe(400);
    expect(gateway.records().length).toBe(records);
  });
});

/** From nearly right to nonsense: broken text, wrong types, hostile arguments, envelopes that lie. */
function body(): fc.Arbitrary<string> {
  const hostile = fc.oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.constantFrom(
      '../../etc/passwd',
      '\u202e\u0000\u001b[2J',
      '%00',
      'vm-0',
      '/',
      '',
      'x'.repeat(3000),
      -1,
      1e308,
      null,
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  const method = fc.oneof(
    fc.constantFrom(
      'tools/call',
      'tools/list',
      'resources/read',
      'initialize',
      'server/discover',
      'ping',
      'prompts/list',
    ),
    hostile,
  );
  const name = fc.oneof(
    fc.constantFrom('get_vm_info', 'find', 'list_vms', 'power_off', 'whoami', '__proto__', 'constructor'),
    hostile,
  );
  const args = fc.oneof(
    fc.dictionary(fc.constantFrom('name', 'host', 'limit', 'cursor', 'wait', '__proto_', 'x'), hostile),
    hostile,
  );
  const params = fc.oneof(
    fc.record({ name, arguments: args, uri: hostile, _meta: hostile, protocolVersion: hostile }, { requiredKeys: [] }),
    hostile,
  );
  const message = fc.record(
    {
      jsonrpc: fc.oneof(fc.constant('2.0'), hostile),
      id: fc.oneof(fc.integer(), hostile),
      method,
      params,
      result: hostile,
    },
    { requiredKeys: [] },
  );
  const text = fc
    .oneof({ arbitrary: message, weight: 6 }, fc.array(message, { maxLength: 4 }), hostile)
    .map((value) => JSON.stringify(value));
  const broken = fc.tuple(text, fc.nat(), fc.string({ maxLength: 3 })).map(([json, at, put]) => {
    const i = at % (json.length + 1);
    return json.slice(0, i) + put + json.slice(i + 1);
  });
  return fc.oneof({ arbitrary: text, weight: 3 }, broken);
}
