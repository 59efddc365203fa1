/** What outlives the process: sessions do, their ends do, and so do tokens while the key is replaced. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allow,
  BASE_URL,
  enterPassword,
  type LoginLab,
  logIn,
  newClient,
  startLoginLab,
  toolsOf,
} from '../support/login.ts';

let lab: LoginLab;
beforeEach(async () => {
  lab = await startLoginLab();
});
afterEach(() => lab?.stop());

function newKey(): Record<string, unknown> {
  return { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256' };
}

const setOf = (...keys: unknown[]) => ({ OAUTH_SIGNING_KEY: JSON.stringify({ keys }) });

async function kids(): Promise<string[]> {
  const { keys } = (await (await fetch(`${lab.origin}/jwks`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

describe('a restart of the gateway', () => {
  it('keeps sessions, with access and refresh tokens, and registrations', async () => {
    const { client, tokens } = await logIn(lab, 'reader');
    const before = await kids();
    await lab.restart();
    expect(await kids()).toEqual(before);
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
    const { status, body } = await client.refresh(tokens.refresh_token);
    expect(status).toBe(200);
    expect(await toolsOf(lab, String(body.access_token))).toContain('list_vms');
    expect((await logIn(lab, 'operator', { client })).tokens.access_token).toEqual(expect.any(String));
  });

  it('does not bring back a session that was ended, nor a code or refresh token that was used', async () => {
    const [ended, other] = [await logIn(lab, 'reader'), await logIn(lab, 'operator')];
    await ended.client.revoke(ended.tokens.refresh_token);
    const next = await other.client.refresh(other.tokens.refresh_token);
    await lab.restart();
    expect(await toolsOf(lab, ended.tokens.access_token)).toBe(401);
    expect((await ended.client.refresh(ended.tokens.refresh_token)).status).toBe(400);
    lab.clock.advance(11_000);
    expect((await other.client.refresh(other.tokens.refresh_token)).status).toBe(400);
    expect(await toolsOf(lab, String(next.body.access_token))).toBe(401);
  });

  it('in the middle of a login does not disturb it', async () => {
    const client = await newClient(lab);
    const browser = lab.browser();
    const begun = client.begin();
    const asked = await allow(lab, browser, await browser.open(begun.url));
    await lab.restart();
    browser.resolve(BASE_URL, lab.origin);
    const end = await enterPassword(lab, browser, asked, 'reader');
    expect((await client.redeem(end.next!, begun)).status).toBe(200);
  });
});

describe('a new signing key', () => {
  it('in front of the old one signs what is new, and ends nothing', async () => {
    const [old, fresh] = [newKey(), newKey()];
    await lab.restart(setOf(old));
    const { client, tokens } = await logIn(lab, 'reader');
    const [oldKid] = await kids();
    await lab.restart(setOf(fresh, old));
    expect((await kids())[1]).toBe(oldKid);
    expect(await toolsOf(lab, tokens.access_token)).toContain('list_vms');
    const { body } = await client.refresh(tokens.refresh_token);
    const header = JSON.parse(Buffer.from(String(body.access_token).split('.')[0]!, 'base64url').toString());
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: (await kids())[0] });
    expect(await toolsOf(lab, String(body.access_token))).toContain('list_vms');
    expect((await logIn(lab, 'operator', { client })).tokens.access_token).toEqual(expect.any(String));
  });

  it('without the old one ends all tokens of that', async () => {
    await lab.restart(setOf(newKey()));
    const { client, tokens } = await logIn(lab, 'reader');
    await lab.restart(setOf(newKey()));
    expect(await toolsOf(lab, tokens.access_token)).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    expect((await lab.browser().open(client.begin().url)).status).toBe(400);
  });
});
