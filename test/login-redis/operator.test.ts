/** The operator's commands on the sessions of a gateway that runs without Redis. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allAt,
  enter,
  type Gateway,
  type Gateways,
  logIn,
  refresh,
  sessions,
  startGateways,
  type Tokens,
} from './gateways.ts';

describe('sessions of a running gateway', { timeout: 60_000 }, () => {
  let gateways: Gateways;
  let gateway: Gateway;
  let reader: Tokens;
  let operator: Tokens;

  beforeAll(async () => {
    gateways = await startGateways(1);
    gateway = gateways.all[0]!;
    reader = await logIn('reader', allAt(gateway));
    operator = await logIn('operator', allAt(gateway));
  });
  afterAll(() => gateways?.close());

  it('are listed with user, client and groups, and without a token', async () => {
    const { code, stdout } = await sessions(gateway, 'list');
    expect(code).toBe(0);
    const rows = stdout.trim().split('\n');
    expect(rows).toHaveLength(2);
    expect(rows.find((row) => row.startsWith('reader\t'))).toContain('A client of two gateways\tvsphere-readers\t');
    const { stdout: json } = await sessions(gateway, 'list', '--json');
    for (const { access, refresh: token } of [reader, operator]) {
      for (const text of [stdout, json]) expect(text.includes(access) || text.includes(token)).toBe(false);
    }
  });

  it('of nobody with that name are said to be none', async () => {
    expect(await sessions(gateway, 'revoke', 'somebody')).toMatchObject({ code: 1, stdout: '0 sessions ended\n' });
    expect((await enter(gateway, reader)).status).toBe(200);
  });

  it('of one user end at the next request, and on the record', async () => {
    expect(await sessions(gateway, 'revoke', 'reader')).toMatchObject({ code: 0, stdout: '1 session ended\n' });
    expect((await enter(gateway, reader)).status).toBe(401);
    expect((await refresh(gateway, reader)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await enter(gateway, operator)).status).toBe(200);
    const revoked = gateway.records().filter(({ event }) => event === 'REVOKED');
    expect(revoked).toMatchObject([{ user: 'reader', reason: 'operator' }]);
  });

  it('of everybody end at the next request', async () => {
    expect(await sessions(gateway, 'revoke-all')).toMatchObject({ code: 0, stdout: '1 session ended\n' });
    expect((await enter(gateway, operator)).status).toBe(401);
    expect(await sessions(gateway, 'list')).toMatchObject({ code: 0, stdout: '' });
  });

  it('cannot be asked about where no gateway runs', async () => {
    const nowhere = { ...gateway, env: { ...gateway.env, OAUTH_STATE_DIR: `${gateway.env.OAUTH_STATE_DIR}-none` } };
    const { code, stderr } = await sessions(nowhere, 'list');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^No gateway answers at /);
    await rm(nowhere.env.OAUTH_STATE_DIR!, { recursive: true, force: true });
  });
});
