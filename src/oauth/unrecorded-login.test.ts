/** What cannot be put on the record does not happen. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { createAuthorize } from './authorize.ts';
import { createCallback } from './callback.ts';
import { createClients } from './clients.ts';
import { createConsent } from './consent.ts';
import type { Grant } from './grants.ts';
import { deriveOAuthKeys } from './keys.ts';
import { createLoginTransactions } from './login-transaction.ts';
import { openMemoryStore } from './memory-store.ts';
import type { OAuthRequest, OAuthResponse } from './oauth-exchange.ts';
import type { LoginEntry, Recorder } from './recorder.ts';
import { createRefusals } from './refusals.ts';
import { createSealing } from './sealing.ts';

const logger = pino({ level: 'silent' });
const issuer = 'https://mcp.example.com';
const sealing = createSealing({
  keys: deriveOAuthKeys(new Secret('0123456789abcdef0123456789abcdef0123456789abcdef')).sealing,
  clock: systemClock,
});
const asked: AuthorizationRequest = {
  client: { id: 'id', name: 'Client', source: 'registered' },
  redirectUri: 'http://127.0.0.1:1/cb',
  codeChallenge: 'x'.repeat(43),
  resource: `${issuer}/mcp`,
};
const upstreamTransaction = { state: 'state', nonce: 'nonce', codeVerifier: 'verifier' };

const broken: Recorder = {
  async record() {
    throw new GatewayError('AUDIT_UNAVAILABLE', 'The audit record cannot be written.');
  },
};

function request(more: Partial<OAuthRequest>): OAuthRequest {
  const empty = new URLSearchParams();
  return { query: empty, form: empty, cookies: {}, authorized: false, requestId: 'request', ...more };
}

function cookiesOf({ cookies = [] }: Pick<OAuthResponse, 'cookies'>) {
  return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
}

async function parts(recorder: Recorder) {
  const store = await openMemoryStore({ clock: systemClock, logger });
  const done: string[] = [];
  const transactions = createLoginTransactions({ store, sealing, secure: true });
  const upstream = {
    issuer: 'https://login.example.com',
    async begin() {
      done.push('begin');
      return { url: 'https://login.example.com/auth', transaction: upstreamTransaction };
    },
    async finish() {
      done.push('finish');
      return { user: 'alice', sub: 'a', iss: 'https://login.example.com', groups: ['vsphere-readers'] };
    },
    refresh: async () => 'ended' as const,
    verifyLogoutToken: () => Promise.reject(new Error('not asked for')),
  };
  const grants = {
    async create() {
      done.push('create');
      return { id: 'grant' } as Grant;
    },
    async end(id: string) {
      done.push(`end ${id}`);
      return undefined;
    },
    current: async () => undefined,
    endWhere: async () => 0,
    async *list() {},
  };
  const tokens = {
    async issueCode() {
      done.push('code');
      return 'code';
    },
    redeemCode: () => Promise.reject(new Error('not asked for')),
    refresh: () => Promise.reject(new Error('not asked for')),
    revoke: async () => {},
  };
  const consent = createConsent(sealing, true);
  const documents = { from: 'nowhere' } as const;
  const clients = createClients({ sealing, documents, clock: systemClock, logger });
  const refusals = createRefusals({ recorder, clock: systemClock, logger });
  const common = { issuer, transactions, upstream, recorder, refusals, clock: systemClock, logger };
  const authorize = createAuthorize({ ...common, resource: asked.resource, clients, consent, sessionMaxSeconds: 3600 });
  const comeBack = createCallback({ ...common, grants, tokens, admits: () => true, grantingGroups: [] });
  return { authorize, comeBack, consent, transactions, done };
}

describe('without a record', () => {
  it('nobody is sent to the provider', async () => {
    const { authorize, consent, done } = await parts(broken);
    const { ticket, cookie } = await consent.ask(asked, {});
    const form = new URLSearchParams({ ticket, decision: 'allow' });
    const answer = authorize.answer(request({ form, cookies: { [cookie.name]: cookie.value } }));
    await expect(answer).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(done).toEqual([]);
  });

  it('a login that the provider has finished leads to no code, and its grant is ended', async () => {
    const { comeBack, transactions, done } = await parts(broken);
    const cookies = await transactions.begin({ request: asked, upstream: upstreamTransaction }, {});
    const query = new URLSearchParams({ state: 'state', code: 'x' });
    const answer = comeBack(request({ query, cookies: cookiesOf({ cookies }) }));
    await expect(answer).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(done).toEqual(['finish', 'create', 'end grant']);
  });

  it('a refusal is a refusal all the same', async () => {
    const { authorize, comeBack } = await parts(broken);
    const denied = request({ form: new URLSearchParams({ ticket: 'x', decision: 'allow' }) });
    expect((await authorize.answer(denied)).status).toBe(400);
    expect((await comeBack(request({ query: new URLSearchParams({ state: 'x' }) }))).status).toBe(403);
  });
});

describe('with one', () => {
  it('a login leads to a code, and the record came first', async () => {
    const entries: LoginEntry[] = [];
    const seen: string[][] = [];
    const { authorize, comeBack, consent, done } = await parts({
      async record(entry) {
        entries.push(entry);
        seen.push([...done]);
      },
    });
    const { ticket, cookie } = await consent.ask(asked, {});
    const form = new URLSearchParams({ ticket, decision: 'allow' });
    const allowed = await authorize.answer(request({ form, cookies: { [cookie.name]: cookie.value } }));
    const query = new URLSearchParams({ state: 'state', code: 'x' });
    const end = await comeBack(request({ query, cookies: cookiesOf(allowed) }));
    expect(end.headers.location).toBe(`http://127.0.0.1:1/cb?code=code&iss=${encodeURIComponent(issuer)}`);
    expect(entries.map(({ event, result }) => [event, result])).toEqual([
      ['CONSENT', 'success'],
      ['LOGIN', 'success'],
    ]);
    expect(seen).toEqual([[], ['begin', 'finish', 'create']]);
  });
});
