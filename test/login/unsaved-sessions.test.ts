/** A session that was ended while the state folder could not be written. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoginLab, logIn, startLoginLab, toolsOf } from '../support/login.ts';

let lab: LoginLab;
beforeAll(async () => {
  lab = await startLoginLab();
});
afterAll(() => lab?.stop());

it('is out at once, the gateway is not ready until that is saved, and a restart does not bring it back', async () => {
  const { client, tokens } = await logIn(lab, 'operator');
  const other = await logIn(lab, 'reader');
  const ready = async () => (await fetch(`${lab.origin}/readyz`)).json();
  await expect.poll(ready).toMatchObject({ checks: { sessions: 'ok' } });

  const draft = join(dirname(lab.auditFile), 'sessions.snapshot.draft');
  await mkdir(draft);
  expect((await client.revoke(tokens.access_token)).status).toBe(503);
  expect(await toolsOf(lab, tokens.access_token)).toBe(401);
  expect(await ready()).toMatchObject({ status: 'not ready', checks: { sessions: 'failed', audit: 'ok' } });

  await rm(draft, { recursive: true });
  await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ checks: { sessions: 'ok' } });
  await lab.restart();
  expect(await toolsOf(lab, tokens.access_token)).toBe(401);
  expect(await toolsOf(lab, other.tokens.access_token)).toContain('list_vms');
});
