/** Nobody comes in, and nothing is given, that is not on the record; what takes rights away waits for no record. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Client,
  isOutside,
  type LoggedIn,
  type LoginLab,
  logIn,
  loginRecords,
  newClient,
  requestIdOf,
  startLoginLab,
  toolsOf,
  walk,
  walkToCallback,
} from '../support/login.ts';

/** More than any other file of the gateway has: the limit is one on the size of each file. */
const ENOUGH = 64 * 1024;

let lab: LoginLab;
let client: Client;
let before: LoggedIn;

beforeAll(async () => {
  lab = await startLoginLab();
  client = await newClient(lab);
  // What strangers are refused, or allow, is counted where it is much for a minute.
  const allowOnce = async () => {
    const browser = lab.browser();
    await browser.submit(await browser.open(client.begin().url), {}, { button: 'allow' });
  };
  while (statSync(lab.auditFile).size < ENOUGH) {
    await Promise.all(Array.from({ length: 20 }, allowOnce));
    lab.clock.advance(60_000);
  }
});
beforeEach(async () => {
  before = await logIn(lab, 'operator');
});
/** As a full disk: this process can make no file longer than the record is. */
const fill = () => limit(statSync(lab.auditFile).size);
afterEach(async () => {
  limit('unlimited');
  const ready = async () => (await fetch(`${lab.origin}/readyz`)).json();
  await expect.poll(ready, { timeout: 20_000, interval: 100 }).toMatchObject({ checks: { audit: 'ok' } });
  lab.provider.people.get('operator').groups = ['vsphere-operators'];
});
afterAll(() => lab?.stop());

function limit(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

describe('with no space left for the record', () => {
  it('an answer to the question counts for nothing', async () => {
    const browser = lab.browser();
    const asked = await browser.open(client.begin().url);
    const logins = lab.provider.endpoints.requests('authorization');
    fill();
    const page = await browser.submit(asked, {}, { button: 'allow' });
    expect([page.status, page.next, page.headers['set-cookie']]).toEqual([503, undefined, undefined]);
    expect(page.title).toContain('cannot log anybody in');
    expect(requestIdOf(page)).toBe(page.headers['x-request-id']);
    expect(lab.provider.endpoints.requests('authorization')).toBe(logins);
  });

  it('a login gives no code, and leaves no session behind', async () => {
    const browser = lab.browser();
    const callback = await walkToCallback(browser, client.begin().url, 'reader');
    const records = loginRecords(lab).length;
    fill();
    const page = await browser.step(callback);
    expect([page.status, page.next]).toEqual([503, undefined]);
    limit('unlimited');
    const { next } = await walk(lab, browser, client.begin().url, 'reader');
    expect(isOutside(lab)(next!)).toBe(true);
    const kept = loginRecords(lab).slice(records);
    expect(kept.filter(({ event, result }) => event === 'LOGIN' && result === 'success')).toHaveLength(1);
  });

  it('a refresh gives nothing and costs nothing: the same token is good afterwards', async () => {
    fill();
    const refused = await before.client.refresh(before.tokens.refresh_token);
    expect([refused.status, refused.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect(refused.body).not.toHaveProperty('access_token');
    limit('unlimited');
    lab.clock.advance(11_000);
    await expect
      .poll(async () => (await before.client.refresh(before.tokens.refresh_token)).status, { timeout: 20_000 })
      .toBe(200);
  });

  it('a revocation counts all the same', async () => {
    fill();
    await before.client.revoke(before.tokens.refresh_token);
    expect(await toolsOf(lab, before.tokens.access_token)).toBe(401);
  });

  it('a session whose person is gone ends all the same', async () => {
    lab.provider.people.get('operator').state = 'deleted';
    fill();
    lab.clock.advance(5 * 60_000);
    expect(await toolsOf(lab, before.tokens.access_token)).toBe(401);
    lab.provider.people.get('operator').state = 'active';
  });

  it('a right that was taken away is gone all the same', async () => {
    lab.provider.people.get('operator').groups = ['vsphere-readers'];
    fill();
    lab.clock.advance(5 * 60_000);
    const tools = await toolsOf(lab, before.tokens.access_token);
    expect(tools).toContain('list_vms');
    expect(tools).not.toContain('power_on');
  });
});
