/** Attacks that have worked against others. Each has two people: whoever attacks, and the one in whose name. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allow,
  BASE_URL,
  type Client,
  clientOf,
  enterPassword,
  isOutside,
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
import type { UserAgent } from '../support/user-agent.ts';

const EVIL = 'https://evil.example/cb';
const PUBLISHED = 'https://editor.example/oauth/client.json';

let lab: LoginLab;
let folder: string;
let attackers: Client;
let attacker: UserAgent;
let victim: UserAgent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcvsphere-clients-'));
  const file = join(folder, 'clients.json');
  const published = { client_id: PUBLISHED, client_name: 'Editor', redirect_uris: ['http://127.0.0.1/cb'] };
  writeFileSync(file, JSON.stringify([published]));
  lab = await startLoginLab({ env: { OAUTH_CLIENT_METADATA_DOCUMENTS: file } });
  attackers = await newClient(lab, { client_name: 'Helpful tool', redirect_uris: [EVIL] });
});
afterAll(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Two new browsers; the victim is logged in at the company's provider, as people are all day. */
async function twoPeople(): Promise<void> {
  attacker = lab.browser();
  victim = (await logIn(lab, 'admin')).browser;
}

/** Nobody got in since `before`. */
function logins(): number {
  return loginRecords(lab).filter(({ event, result }) => event === 'LOGIN' && result === 'success').length;
}

describe('an attacker who allows access and has somebody else finish the login (CVE-2026-27124)', () => {
  it('gets nothing: the login ends only in the browser in which it was allowed', async () => {
    await twoPeople();
    const before = logins();
    const going = await attacker.submit(await attacker.open(attackers.begin().url), {}, { button: 'allow' });
    // The link that the victim is sent. The provider knows them, so one click is all it takes.
    const end = await victim.follow(await victim.open(going.next!), { until: isOutside(lab) });
    expect(end.url.pathname).toBe('/auth/callback');
    expect([end.status, end.next]).toEqual([403, undefined]);
    expect(end.title).toContain('not started in this browser');
    expect(end.body).not.toContain('evil.example');
    expect(logins()).toBe(before);
    expect(lab.records().find(({ request_id }) => request_id === requestIdOf(end))).toMatchObject({
      event: 'LOGIN',
      error_code: 'access_denied',
      reason: 'login_elsewhere',
    });
  });

  it('gets nothing from a victim who is in the middle of a login of their own, which goes on undisturbed', async () => {
    await twoPeople();
    const own = await newClient(lab);
    const begun = own.begin();
    const ownCallback = await walkToCallback(victim, begun.url, 'admin');
    const going = await attacker.submit(await attacker.open(attackers.begin().url), {}, { button: 'allow' });
    const lured = await victim.follow(await victim.open(going.next!), { until: isOutside(lab) });
    expect([lured.status, lured.next]).toEqual([403, undefined]);
    const end = await victim.step(ownCallback);
    expect((await own.redeem(end.next!, begun)).status).toBe(200);
  });

  it('gets nothing with the cookie of another login of the victim laid under the state of this one', async () => {
    await twoPeople();
    await walkToCallback(victim, (await newClient(lab)).begin().url, 'admin');
    const going = await attacker.submit(await attacker.open(attackers.begin().url), {}, { button: 'allow' });
    const theirs = attacker.cookies.all().find(({ name }) => name.includes('login'))!;
    const own = victim.cookies.all().filter(({ name }) => name.includes('login'));
    for (const { value } of own) {
      victim.cookies.put({ ...theirs, value });
      const end = await victim.follow(await victim.open(going.next!), { until: isOutside(lab) });
      expect([end.status, end.next]).toEqual([403, undefined]);
    }
    expect(own.length).toBeGreaterThan(0);
  });

  it('does not use the login up for whoever began it', async () => {
    await twoPeople();
    const own = await newClient(lab);
    const begun = own.begin();
    const callback = await walkToCallback(victim, begun.url, 'admin');
    expect((await attacker.open(callback.next!)).status).toBe(403);
    const end = await victim.step(callback);
    expect((await own.redeem(end.next!, begun)).status).toBe(200);
  });

  it('cannot have the victim finish a login as the attacker either', async () => {
    await twoPeople();
    const callback = await walkToCallback(attacker, attackers.begin().url, 'guest');
    const end = await victim.open(callback.next!, { from: 'https://evil.example/' });
    expect([end.status, end.next]).toEqual([403, undefined]);
  });
});

describe('the confused deputy (GHSA-c2jp-c369-7pvx)', () => {
  it('asks a person who is logged in everywhere, and who has allowed another program, all the same', async () => {
    await twoPeople();
    const before = lab.provider.endpoints.requests('authorization');
    const page = await victim.open(attackers.begin().url, { from: 'https://evil.example/' });
    expect([page.status, page.next]).toEqual([200, undefined]);
    expect(page.text).toContain('evil.example');
    expect(page.text).toContain('Helpful tool');
    expect(lab.provider.endpoints.requests('authorization')).toBe(before);
  });

  it('does not take an answer that a foreign page sends from the browser of the victim', async () => {
    await twoPeople();
    const shown = await attacker.open(attackers.begin().url);
    const ticket = shown.forms[0]?.fields.find(({ name }) => name === 'ticket')?.value ?? '';
    // The victim has a page of ours open, so that they have a cookie too.
    await victim.open(attackers.begin().url);
    const sent = await victim.post(`${BASE_URL}/authorize`, { ticket, decision: 'allow' }, 'https://evil.example/');
    expect(sent.status).toBe(403);
    expect(sent.headers['set-cookie']).toBeUndefined();
    expect(sent.next).toBeUndefined();
  });

  it('does not take the question of one browser for the answer of another, whatever page it comes from', async () => {
    await twoPeople();
    const shown = await attacker.open(attackers.begin().url);
    const ticket = shown.forms[0]?.fields.find(({ name }) => name === 'ticket')?.value ?? '';
    const own = await victim.open(attackers.begin().url);
    for (const from of [own, undefined]) {
      const sent = await victim.post(`${BASE_URL}/authorize`, { ticket, decision: 'allow' }, from);
      expect([sent.status, sent.next]).toEqual([403, undefined]);
      expect(sent.title).toContain('did not come from your page');
      expect(lab.records().find(({ request_id }) => request_id === requestIdOf(sent))).toMatchObject({
        event: 'CONSENT',
        reason: 'consent_elsewhere',
      });
    }
  });

  it('takes no ticket that was changed, and no sealed text that was made for something else', async () => {
    await twoPeople();
    const page = await attacker.open(attackers.begin().url);
    const ticket = page.forms[0]?.fields.find(({ name }) => name === 'ticket')?.value ?? '';
    const middle = Math.floor(ticket.length / 2);
    const changed = `${ticket.slice(0, middle)}${ticket[middle] === 'A' ? 'B' : 'A'}${ticket.slice(middle + 1)}`;
    for (const other of [changed, attackers.id, '{}', 'x'.repeat(10_000)]) {
      const sent = await attacker.submit(page, { ticket: other }, { button: 'allow' });
      expect([sent.status, sent.next, sent.headers['set-cookie']]).toEqual([400, undefined, undefined]);
    }
  });
});

describe('silent consent together with metadata documents (GHSA-6x8h-498w-gv8c)', () => {
  const published = () => clientOf(lab, PUBLISHED, 'http://127.0.0.1:50999/cb');

  it('does not happen: a person who allowed a published program is asked again for each login', async () => {
    await twoPeople();
    const first = await walk(lab, victim, published().begin().url, 'admin');
    expect(first.next?.searchParams.has('code')).toBe(true);
    const page = await victim.open(published().begin().url, { from: 'https://evil.example/' });
    expect([page.status, page.forms.length, page.next]).toEqual([200, 1, undefined]);
    expect(page.text).toContain('editor.example');
    // Any program on the computer can listen there, and the page says so.
    expect(page.text).toContain('this computer');
  });

  it.each([
    ['has never seen the program', false],
    ['has allowed the program before', true],
  ])('gives no code to an attacker who allows it and sends the provider link to one who %s', async (_who, before) => {
    await twoPeople();
    if (before) await walk(lab, victim, published().begin().url, 'admin');
    const known = logins();
    const going = await attacker.submit(await attacker.open(published().begin().url), {}, { button: 'allow' });
    expect(going.next?.origin).toBe(lab.provider.issuer);
    const end = await victim.follow(await victim.open(going.next!), { until: isOutside(lab) });
    expect(end.url.pathname).toBe('/auth/callback');
    expect([end.status, end.next]).toEqual([403, undefined]);
    expect(end.body).not.toContain('50999');
    expect(logins()).toBe(known);
    expect(lab.records().find(({ request_id }) => request_id === requestIdOf(end))).toMatchObject({
      event: 'LOGIN',
      reason: 'login_elsewhere',
    });
  });

  it('does not take the ticket of an attacker from the browser of a person who has allowed the program', async () => {
    await twoPeople();
    const allowed = await walk(lab, victim, published().begin().url, 'admin');
    expect(allowed.next?.searchParams.has('code')).toBe(true);
    const shown = await attacker.open(published().begin().url);
    const ticket = shown.forms[0]?.fields.find(({ name }) => name === 'ticket')?.value ?? '';
    const before = lab.provider.endpoints.requests('authorization');
    const own = await victim.open(published().begin().url);
    for (const from of [own, undefined, 'https://evil.example/']) {
      const sent = await victim.post(`${BASE_URL}/authorize`, { ticket, decision: 'allow' }, from);
      expect([sent.status, sent.next, sent.headers['set-cookie']]).toEqual([403, undefined, undefined]);
    }
    expect(lab.provider.endpoints.requests('authorization')).toBe(before);
    // The ticket itself is good, in the browser that was asked.
    expect((await attacker.submit(shown, {}, { button: 'allow' })).next?.origin).toBe(lab.provider.issuer);
  });

  it('does not lend the name of a published program to another place', async () => {
    await twoPeople();
    const page = await victim.open(published().begin({ redirect_uri: EVIL }).url);
    expect([page.status, page.next]).toEqual([400, undefined]);
  });

  it('does not know documents that are not on the list', async () => {
    await twoPeople();
    const page = await victim.open(clientOf(lab, 'https://evil.example/client.json', EVIL).begin().url);
    expect([page.status, page.next]).toEqual([400, undefined]);
  });
});

describe('codes that go astray', () => {
  it('are worth nothing in the hands of another client, with or without its own verifier', async () => {
    await twoPeople();
    const own = await newClient(lab);
    const begun = own.begin();
    const { next } = await walk(lab, victim, begun.url, 'admin');
    const theirs = attackers.begin();
    const stolen = await attackers.redeem(next!, theirs);
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    // And the owner notices: what was tried by somebody else is over.
    expect((await own.redeem(next!, begun)).status).toBe(400);
  });

  it('of an attacker do not log a victim in as the attacker: the verifier is not theirs', async () => {
    await twoPeople();
    const shared = await newClient(lab);
    const theirs = shared.begin();
    const injected = await walk(lab, attacker, theirs.url, 'reader');
    const { status } = await shared.redeem(injected.next!, shared.begin());
    expect(status).toBe(400);
  });

  it('of the provider do not fit another login of the same browser', async () => {
    await twoPeople();
    const [one, two] = [attackers.begin(), attackers.begin()];
    const first = (await walkToCallback(victim, one.url, 'admin')).next!;
    const second = (await walkToCallback(victim, two.url, 'admin')).next!;
    const mixed = new URL(first);
    mixed.searchParams.set('code', second.searchParams.get('code') ?? '');
    const end = await victim.open(mixed);
    expect(end.next).toBeUndefined();
    expect(end.status).toBeGreaterThanOrEqual(400);
  });

  it('of a provider that is another (mix-up, RFC 9207) are refused', async () => {
    await twoPeople();
    const callback = (await walkToCallback(victim, attackers.begin().url, 'admin')).next!;
    callback.searchParams.set('iss', 'https://other-provider.example');
    const end = await victim.open(callback);
    expect([end.status, end.next]).toEqual([502, undefined]);
  });
});

describe('a person who is asked by an attacker and does allow it', () => {
  it('has given no more than one session, which can be seen and ended', async () => {
    await twoPeople();
    const begun = attackers.begin();
    const end = await enterPassword(lab, victim, await allow(lab, victim, await victim.open(begun.url)), 'admin');
    const { body } = await attackers.redeem(end.next!, begun);
    const token = String(body.access_token);
    expect(await toolsOf(lab, token)).toContain('list_vms');
    await lab.provider.endSessions('admin');
    expect(await toolsOf(lab, token)).toBe(401);
  });
});
