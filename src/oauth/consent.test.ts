import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts';
import { Secret } from '../lib/secret.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { type Consent, createConsent } from './consent.ts';
import { deriveOAuthKeys } from './keys.ts';
import { createLoginTransactions, type LoginTransactions } from './login-transaction.ts';
import { openMemoryStore } from './memory-store.ts';
import type { SetCookie } from './oauth-exchange.ts';
import { createSealing, type Sealing } from './sealing.ts';

const request: AuthorizationRequest = {
  client: { id: 'registered-x', name: 'Client', source: 'registered' },
  redirectUri: 'http://127.0.0.1:1/cb',
  codeChallenge: 'x'.repeat(43),
  resource: 'https://mcp.example.com/mcp',
};
const upstream = { state: 'a state', nonce: 'a nonce', codeVerifier: 'a verifier' };
const jar = (...cookies: readonly SetCookie[]) => Object.fromEntries(cookies.map(({ name, value }) => [name, value]));

let clock: ManualClock;
let sealing: Sealing;
let consent: Consent;
let transactions: LoginTransactions;
beforeEach(async () => {
  clock = manualClock();
  const keys = deriveOAuthKeys(new Secret('0123456789abcdef0123456789abcdef0123456789abcdef'));
  sealing = createSealing({ keys: keys.sealing, clock });
  consent = createConsent(sealing, true);
  const store = await openMemoryStore({ clock, logger: pino({ level: 'silent' }) });
  transactions = createLoginTransactions({ store, sealing, secure: true });
});

describe('a ticket', () => {
  it('is good for ten minutes, in the browser that it was shown in', async () => {
    const { ticket, cookie } = await consent.ask(request, {});
    const other = await consent.ask(request, {});
    expect(await consent.open(ticket, jar(cookie))).toEqual({ request });
    expect(await consent.open(ticket, jar(other.cookie))).toBe('elsewhere');
    expect(await consent.open(ticket, {})).toBe('elsewhere');
    clock.advance(600_000);
    expect(await consent.open(ticket, jar(cookie))).toBe('expired');
  });

  it('leaves a browser its cookie, and does not take one that somebody made up', async () => {
    const first = await consent.ask(request, {});
    const second = await consent.ask(request, jar(first.cookie));
    expect(second.cookie.value).toBe(first.cookie.value);
    expect(second.ticket).not.toBe(first.ticket);
    const { cookie } = await consent.ask(request, { [first.cookie.name]: 'made up' });
    expect(cookie.value).toMatch(/^[\w-]{43}$/);
  });

  it('is nothing else that is sealed here', async () => {
    const { cookie } = await consent.ask(request, {});
    const [login] = await transactions.begin({ request, upstream }, {});
    expect(await consent.open(login!.value, jar(cookie))).toBe('expired');
    expect(await consent.open(await sealing.seal('client', { request }, 60), jar(cookie))).toBe('expired');
  });
});

describe('a login under way', () => {
  it('is known by its state and its cookie together, for ten minutes', async () => {
    const [cookie] = await transactions.begin({ request, upstream }, {});
    const [other] = await transactions.begin({ request, upstream: { ...upstream, state: 'another' } }, {});
    expect(await transactions.open('a state', jar(cookie!))).toEqual({ request, upstream });
    expect(await transactions.open('a state', {})).toBe('elsewhere');
    expect(await transactions.open('a state', jar(other!))).toBe('elsewhere');
    expect(await transactions.open('a state', { [cookie!.name]: other!.value })).toBe('elsewhere');
    clock.advance(600_000);
    expect(await transactions.open('a state', jar(cookie!))).toBe('elsewhere');
  });

  it('goes on for one of fifty who come back with it at once, and is over for whoever comes later', async () => {
    const [cookie] = await transactions.begin({ request, upstream }, {});
    const uses = await Promise.all(Array.from({ length: 50 }, () => transactions.use('a state')));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await transactions.open('a state', jar(cookie!))).toBe('over');
  });

  it('takes the others away once a browser has too many', async () => {
    let held: Record<string, string> = {};
    for (let i = 0; i < 5; i += 1) {
      const cookies = await transactions.begin({ request, upstream: { ...upstream, state: `state ${i}` } }, held);
      held = { ...held, ...jar(...cookies) };
    }
    expect(Object.values(held).filter((value) => value !== '')).toHaveLength(1);
  });
});
