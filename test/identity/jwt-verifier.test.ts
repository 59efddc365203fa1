/** Every token that a protected resource must refuse, from a real provider, and those it must take. */
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TokenError, type TokenRefusal } from '../../src/identity/errors.ts';
import { createJwtVerifier, type JwtVerifierOptions, type TokenVerifier } from '../../src/identity/jwt-verifier.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { type Issuer, type MintOptions, startIssuer } from '../support/issuer.ts';
import { manualClock } from '../support/manual-clock.ts';

const AUDIENCE = 'https://mcp.example.com/mcp';
const logger = createLogger('silent');
const now = () => Math.floor(Date.now() / 1000);

describe('the verifier', () => {
  let issuer: Issuer;
  let other: Issuer;
  let verifier: TokenVerifier;

  const create = (options: Partial<JwtVerifierOptions> = {}) =>
    createJwtVerifier({
      issuer: issuer.issuer,
      audience: AUDIENCE,
      jwksUri: issuer.jwksUri,
      algs: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      claims: { groups: ['groups'] },
      clock: systemClock,
      logger,
      ...options,
    });
  const claims = (more: object = {}) => ({
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: 'alice',
    exp: now() + 600,
    iat: now(),
    groups: ['vsphere-readers'],
    client_id: 'service',
    ...more,
  });

  beforeAll(async () => {
    [issuer, other] = await Promise.all([startIssuer(), startIssuer()]);
  });
  afterAll(async () => {
    await Promise.all([issuer?.stop(), other?.stop()]);
  });
  beforeEach(() => {
    issuer.answerWith(undefined);
    verifier = create();
  });

  describe('takes', () => {
    it('a token of the provider, as a principal that cannot be changed', async () => {
      const token = await issuer.mint({
        sub: 'u-1',
        groups: ['vsphere-admins', 'staff'],
        claims: { preferred_username: 'alice', sid: 's-1' },
      });
      const principal = await verifier.verify(token);
      expect(principal).toEqual({
        user: 'alice',
        sub: 'u-1',
        iss: issuer.issuer,
        groups: ['vsphere-admins', 'staff'],
        clientId: 'service',
        sid: 's-1',
        expiresAt: expect.any(Number),
      });
      expect(Object.isFrozen(principal) && Object.isFrozen(principal.groups)).toBe(true);
    });

    it('a token that a service got by its client credentials', async () => {
      expect(await verifier.verify(await issuer.clientCredentials(AUDIENCE))).toMatchObject({
        user: 'service',
        groups: ['vsphere-readers'],
      });
    });

    it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('the signature algorithm %s', async (alg) => {
      expect(await verifier.verify(await issuer.mint({ alg }))).toMatchObject({ sub: 'alice' });
    });

    it.each([
      ['several audiences', { aud: ['https://other.example.com', AUDIENCE] }, {}],
      ['no typ', {}, {}],
      ['typ JWT', {}, { typ: 'JWT' }],
      ['typ application/at+jwt', {}, { typ: 'application/at+jwt' }],
      ['an access token that carries a nonce', { typ: 'Bearer', nonce: 'n' }, { typ: 'JWT' }],
      ['a client that calls itself, with a scope', { azp: AUDIENCE, scope: 'vsphere' }, {}],
      ['a clock that is a little ahead of ours', { iat: now() + 30, nbf: now() + 30 }, {}],
      ['an end that has just passed', { exp: now() - 30 }, {}],
    ])('a token with %s', async (_what, more, header) => {
      expect(await verifier.verify(await issuer.sign(claims(more), header))).toMatchObject({ sub: 'alice' });
    });

    it('a person without groups, who then has none', async () => {
      expect(await verifier.verify(await issuer.mint({ claims: { groups: undefined } }))).toMatchObject({
        groups: [],
        groupsProblem: 'groups_absent',
      });
    });
  });

  describe('refuses', () => {
    const minted: [string, MintOptions, TokenRefusal][] = [
      ['one that has expired', { expiresIn: -3600 }, 'expired'],
      ['one for another audience', { audience: 'https://other.example.com' }, 'audience'],
      ['one whose audience only begins like ours', { audience: `${AUDIENCE}/` }, 'audience'],
      ['one that says another issuer', { claims: { iss: 'https://attacker.test' } }, 'issuer'],
      ['one whose issuer has a slash more', { claims: { iss: 'slash' } }, 'issuer'],
      ['one without an end', { claims: { exp: undefined } }, 'missing_claim'],
      ['one without issuer', { claims: { iss: undefined } }, 'missing_claim'],
      ['one without subject', { claims: { sub: undefined } }, 'missing_claim'],
      ['one that is not valid yet', { claims: { nbf: now() + 3600 } }, 'not_yet_valid'],
      ['one from the future', { claims: { iat: now() + 3600 } }, 'not_yet_valid'],
      ['one whose end is a text', { claims: { exp: '9999999999' } }, 'malformed'],
      ['one whose start is a text', { claims: { nbf: 'now' } }, 'malformed'],
      ['one whose time of issue is a text', { claims: { iat: 'now' } }, 'malformed'],
      ['one whose subject is a number', { claims: { sub: 1 } }, 'malformed'],
      ['one whose subject is empty', { claims: { sub: '' } }, 'malformed'],
      ['one whose subject is long', { claims: { sub: 's'.repeat(257) } }, 'malformed'],
      ['one whose subject turns the writing direction', { claims: { sub: 'a\u202eb' } }, 'malformed'],
      ['one that is bound to a DPoP key', { claims: { cnf: { jkt: 'x' } } }, 'wrong_type'],
      ['one that is bound to a client certificate', { claims: { cnf: { 'x5t#S256': 'x' } } }, 'wrong_type'],
      [
        'a logout token',
        { claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } } },
        'wrong_type',
      ],
      ['a logout token by its header', { header: { typ: 'logout+jwt' } }, 'wrong_type'],
      ['a refresh token', { header: { typ: 'JWT' }, claims: { typ: 'Refresh' } }, 'wrong_type'],
      ['an offline token', { header: { typ: 'JWT' }, claims: { typ: 'Offline' } }, 'wrong_type'],
      ['an ID token by its typ', { header: { typ: 'JWT' }, claims: { typ: 'ID' } }, 'wrong_type'],
      ['an ID token by its use', { header: { typ: 'JWT' }, claims: { token_use: 'id' } }, 'wrong_type'],
      ['an ID token by its nonce', { header: { typ: 'JWT' }, claims: { nonce: 'n' } }, 'wrong_type'],
      [
        'an ID token by the hash of its access token',
        { header: { typ: 'JWT' }, claims: { at_hash: 'h' } },
        'wrong_type',
      ],
      ['an ID token by the hash of its code', { header: { typ: 'JWT' }, claims: { c_hash: 'h' } }, 'wrong_type'],
      ['an ID token for us as the client', { header: { typ: 'JWT' }, claims: { azp: AUDIENCE } }, 'wrong_type'],
      ['one whose typ is no text', { header: { typ: 'JWT' }, claims: { typ: ['Bearer'] } }, 'wrong_type'],
      ['one that names a key that is not there', { kid: 'bogus' }, 'unknown_key'],
    ];
    it.each(minted)('%s', async (_what, options, reason) => {
      const slash = options.claims?.iss === 'slash' ? { claims: { iss: `${issuer.issuer}/` } } : {};
      await expectRefusal(verifier, await issuer.mint({ ...options, ...slash }), reason);
    });

    it('one with a critical header that nobody knows', async () => {
      await expectRefusal(verifier, await issuer.sign(claims(), { crit: ['x'], x: 1 }), 'malformed');
    });

    it('one without audience', async () => {
      await expectRefusal(verifier, await issuer.sign(claims({ aud: undefined })), 'missing_claim');
    });

    it.each(['none', 'None', 'NONE', 'nOnE'])('one with the algorithm %s', async (alg) => {
      const [, body, signature] = (await issuer.mint()).split('.');
      await expectRefusal(verifier, `${part({ alg })}.${body}.`, 'algorithm');
      await expectRefusal(verifier, `${part({ alg })}.${body}.${signature}`, 'algorithm');
    });

    it.each(['HS256', 'HS384', 'HS512'])('one with %s, keyed with the public key', async (alg) => {
      const key = createSecretKey(Buffer.from(await issuer.publicKey()));
      await expectRefusal(verifier, await new SignJWT(claims()).setProtectedHeader({ alg }).sign(key), 'algorithm');
    });

    it('an asymmetric algorithm that was not allowed', async () => {
      await expectRefusal(create({ algs: ['ES256'] }), await issuer.mint(), 'algorithm');
    });

    it('one that another provider signed in our name', async () => {
      const forged = await other.mint({ claims: { iss: issuer.issuer } });
      await expectRefusal(verifier, forged, 'unknown_key');
    });

    it('one that another provider signed, naming a key of ours', async () => {
      const { kid } = JSON.parse(Buffer.from((await issuer.mint()).split('.')[0]!, 'base64url').toString());
      await expectRefusal(verifier, await other.mint({ kid, claims: { iss: issuer.issuer } }), 'signature');
    });

    it('one that brings its own key, or the address of one', async () => {
      const header = { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, jku: other.jwksUri, x5u: other.jwksUri };
      const before = other.jwksRequests();
      await expectRefusal(verifier, await other.mint({ header, claims: { iss: issuer.issuer } }), 'unknown_key');
      expect(other.jwksRequests()).toBe(before);
    });

    it('one whose claims were changed', async () => {
      const [header, , signature] = (await issuer.mint()).split('.');
      await expectRefusal(
        verifier,
        `${header}.${part(claims({ groups: ['vsphere-super-admins'] }))}.${signature}`,
        'signature',
      );
    });

    it('one whose signature was cut or taken away', async () => {
      const token = await issuer.mint();
      await expectRefusal(verifier, token.slice(0, -8), 'signature');
      await expectRefusal(verifier, token.slice(0, token.lastIndexOf('.') + 1), 'signature');
    });

    it('signed text that is no set of claims', async () => {
      for (const body of ['', '[]', 'null', '"alice"', '{', '\ufffd', '[[[[']) {
        await expectRefusal(verifier, await issuer.sign(body), 'malformed');
      }
    });

    it('one that is too large to look at', async () => {
      await expectRefusal(verifier, await issuer.sign(claims({ x: 'x'.repeat(17_000) })), 'malformed');
      await expectRefusal(verifier, `${'a.'.repeat(50_000_000)}a`, 'malformed');
    });

    it('one that is encrypted', async () => {
      await expectRefusal(verifier, 'a.b.c.d.e', 'malformed');
    });

    it('one without the user name that the operator asked for', async () => {
      await expectRefusal(
        create({ claims: { username: 'upn', groups: ['groups'] } }),
        await issuer.mint(),
        'missing_claim',
      );
    });

    it('without telling anything of the token', async () => {
      const error = await refusalOf(verifier, await issuer.mint({ sub: 'canary', audience: 'https://canary.test' }));
      expect(`${error.message} ${error.reason}`).not.toContain('canary');
    });
  });

  it('will not be made to accept symmetric algorithms', () => {
    for (const algs of [['RS256', 'HS256'], ['none'], []]) expect(() => create({ algs })).toThrow(TypeError);
  });

  it('answers ten thousand malformed tokens with a TokenError each', async () => {
    const [header, body, signature] = (await issuer.mint()).split('.') as [string, string, string];
    const json = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom(
        '{}',
        '[]',
        'null',
        '{"alg":"RS256"}',
        '{"alg":["RS256"]}',
        '{"alg":"RS256","kid":{}}',
        '{"alg":"RS256","crit":[]}',
        '{"alg":"RS256","b64":false,"crit":["b64"]}',
      ),
    );
    const segment = fc.oneof(
      json.map((text) => Buffer.from(text).toString('base64url')),
      fc.stringMatching(/^[\w-]{0,40}$/),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(header, body, signature),
    );
    const token = fc
      .oneof(
        fc.tuple(segment, segment, segment).map((parts) => parts.join('.')),
        fc.tuple(fc.nat(), fc.constantFrom('A', 'b', '-', '.', '\u0000')).map(([at, letter]) => {
          const good = `${header}.${body}.${signature}`;
          const place = at % (good.length - 2);
          return good.slice(0, place) + letter + good.slice(place + 1);
        }),
        fc.string({ maxLength: 100 }),
        fc.anything().map((value) => value as string),
      )
      .filter((text) => text !== `${header}.${body}.${signature}`);
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        await refusalOf(verifier, text);
      }),
      { numRuns: 10_000 },
    );
  });

  describe('the keys', () => {
    it('are read anew when the provider rotates them, without a restart', async () => {
      const clock = manualClock();
      const rotating = create({ clock });
      const old = await issuer.mint();
      await rotating.verify(old);
      await issuer.rotateKeys();
      clock.advance(31_000);
      expect(await rotating.verify(await issuer.mint({ sub: 'bob' }))).toMatchObject({ sub: 'bob' });
      await expectRefusal(rotating, old, 'unknown_key');
    });

    it('are read once for two hundred tokens with bogus keys', async () => {
      const clock = manualClock();
      const flooded = create({ clock });
      const tokens = await Promise.all(Array.from({ length: 200 }, (_, i) => issuer.mint({ kid: `bogus-${i}` })));
      const before = issuer.jwksRequests();
      for (const error of await Promise.all(tokens.map((token) => refusalOf(flooded, token)))) {
        expect(error.reason).toBe('unknown_key');
      }
      expect(issuer.jwksRequests() - before).toBe(1);
      clock.advance(31_000);
      await Promise.all(tokens.map((token) => refusalOf(flooded, token)));
      expect(issuer.jwksRequests() - before).toBe(2);
    });

    it('that cannot be had are no fault of the token, and come back by themselves', async () => {
      const clock = manualClock();
      const waiting = create({ clock });
      const token = await issuer.mint();
      issuer.answerWith(503);
      expect(await waiting.ready()).toBe(false);
      await expectRefusal(waiting, token, 'keys_unavailable');
      issuer.answerWith(undefined);
      clock.advance(6_000);
      expect(await waiting.ready()).toBe(true);
      expect(await waiting.verify(token)).toMatchObject({ sub: 'alice' });
    });
  });

  describe('a token that was verified a moment ago', () => {
    it('is not verified again', async () => {
      const token = await issuer.mint();
      await verifier.ready();
      expect(await verifier.verify(token)).toBe(await verifier.verify(token));
    });

    it('is not good beyond its end', async () => {
      const clock = manualClock();
      const cached = create({ clock, clockToleranceSeconds: 0 });
      const token = await issuer.mint({ expiresIn: 20 });
      await cached.verify(token);
      clock.advance(21_000);
      await expectRefusal(cached, token, 'expired');
    });

    it('is not good when the keys were read anew without its key', async () => {
      const clock = manualClock();
      const cached = create({ clock });
      clock.advance(1);
      const first = await issuer.mint();
      await cached.verify(first);
      clock.advance(20_000);
      const token = await issuer.mint({ sub: 'bob' });
      await cached.verify(token);
      await issuer.rotateKeys();
      clock.advance(11_000);
      await cached.verify(await issuer.mint({ sub: 'carol' }));
      await expectRefusal(cached, token, 'unknown_key');
    });

    it('does not lend its principal to another that differs in one character', async () => {
      const token = await issuer.mint();
      await verifier.verify(token);
      const last = token.at(-1) === 'A' ? 'Q' : 'A';
      await refusalOf(verifier, `${token.slice(0, -10)}AAAAAAAAA${last}`);
    });
  });
});

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function refusalOf(verifier: TokenVerifier, token: string): Promise<TokenError> {
  const outcome: unknown = await verifier.verify(token).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(TokenError);
  return outcome as TokenError;
}

async function expectRefusal(verifier: TokenVerifier, token: string, reason: TokenRefusal): Promise<void> {
  expect((await refusalOf(verifier, token)).reason).toBe(reason);
}
