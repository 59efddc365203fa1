import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { UpstreamError } from '../../src/oauth/errors.ts';
import { openMemoryStore } from '../../src/oauth/memory-store.ts';
import { StoreUnavailableError } from '../../src/oauth/store.ts';
import { alice, CLIENT, loginParts } from '../support/login-parts.ts';
import { manualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;
const unavailable = () => new UpstreamError('unavailable', 'The provider does not answer.');

describe('the groups of a grant', () => {
  it('are read again when they are five minutes old, once for a hundred requests in flight', async () => {
    let asked = 0;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const refresh = async () => {
      asked += 1;
      await answered;
      return alice({ groups: ['vsphere-operators'] });
    };
    const { session, verifier, clock, entries } = await loginParts({ refresh });
    const { set } = await session();
    clock.advance(5 * MINUTE - 1);
    expect((await verifier.verify(set.access_token)).groups).toEqual(['vsphere-readers']);
    expect(asked).toBe(0);

    clock.advance(1);
    const requests = Array.from({ length: 100 }, () => verifier.verify(set.access_token));
    answer();
    for (const { groups } of await Promise.all(requests)) expect(groups).toEqual(['vsphere-operators']);
    expect(asked).toBe(1);
    expect(entries).toMatchObject([{ event: 'TOKEN_REFRESH', reason: 'groups_changed', user: 'alice' }]);
    clock.advance(5 * MINUTE - 1);
    await verifier.verify(set.access_token);
    expect(asked).toBe(1);
  });

  it('are asked for with the refresh token that the provider gave last', async () => {
    const seen: string[] = [];
    const { session, verifier, clock } = await loginParts({
      refresh: async (token) => {
        seen.push(token.reveal());
        return alice(
          seen.length === 2 ? { refreshToken: undefined } : { refreshToken: new Secret(`next-${seen.length}`) },
        );
      },
    });
    const { set } = await session();
    for (let round = 0; round < 4; round += 1) {
      clock.advance(5 * MINUTE);
      await verifier.verify(set.access_token);
    }
    expect(seen).toEqual(['upstream-refresh-0', 'next-1', 'next-1', 'next-3']);
  });

  it('that are gone at the provider are gone here, also where the record of it fails', async () => {
    const { session, verifier, clock, recorder } = await loginParts({
      refresh: async () => alice({ groups: [], groupsProblem: 'groups_absent' }),
    });
    const { set } = await session();
    clock.advance(5 * MINUTE);
    recorder.failing = true;
    expect(await verifier.verify(set.access_token)).toMatchObject({ groups: [], groupsProblem: 'groups_absent' });
  });

  it('stay while the provider is down until they are fifteen minutes old, and come back with it', async () => {
    let down = true;
    const { session, verifier, clock } = await loginParts({
      refresh: async () => {
        if (down) throw unavailable();
        return alice({ groups: ['vsphere-operators'] });
      },
    });
    const { set } = await session();
    clock.advance(15 * MINUTE - 1);
    expect((await verifier.verify(set.access_token)).groups).toEqual(['vsphere-readers']);
    clock.advance(1);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'session_unavailable',
    });
    down = false;
    clock.advance(15_000);
    expect((await verifier.verify(set.access_token)).groups).toEqual(['vsphere-operators']);
  });

  it('stay for whoever waits too long for another who is asking', async () => {
    const clock = manualClock();
    const store = await openMemoryStore({ clock, logger: createLogger('silent'), lockWaitMs: 20 });
    const { session, verifier } = await loginParts({ clock, store });
    const { set, grant } = await session();
    clock.advance(5 * MINUTE);
    await store.withLock(`groups:${grant.id}`, async () => {
      expect((await verifier.verify(set.access_token)).groups).toEqual(['vsphere-readers']);
      clock.advance(10 * MINUTE);
      await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_unavailable' });
    });
  });

  it('are not asked for at every request while the provider is down', async () => {
    let asked = 0;
    const { session, verifier, clock } = await loginParts({
      refresh: async () => {
        asked += 1;
        throw unavailable();
      },
    });
    const { set } = await session();
    clock.advance(5 * MINUTE);
    for (let i = 0; i < 10; i += 1) await verifier.verify(set.access_token);
    expect(asked).toBe(1);
    clock.advance(15_000);
    await verifier.verify(set.access_token);
    expect(asked).toBe(2);
  });
});

describe('a grant ends', () => {
  it.each([
    ['the provider says that the session is over', async () => 'ended' as const, 'upstream_ended'],
    ['the provider tells of somebody else', async () => alice({ sub: 'b-2' }), 'upstream_other_person'],
    ['another provider answers', async () => alice({ iss: 'https://evil.example.com' }), 'upstream_other_person'],
    [
      'the answer breaks the rules',
      async () => {
        throw new UpstreamError('invalid', 'no');
      },
      'upstream_invalid',
    ],
  ])('when %s', async (_, refresh, reason) => {
    const { session, verifier, clock, entries } = await loginParts({ refresh });
    const { set } = await session();
    clock.advance(5 * MINUTE);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(entries).toMatchObject([{ event: 'REVOKED', reason, user: 'alice' }]);
  });

  it('when it was revoked while its groups were on the way', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const parts = await loginParts({
      refresh: async () => {
        await answered;
        return alice();
      },
    });
    const { set, grant } = await parts.session();
    parts.clock.advance(5 * MINUTE);
    const request = parts.verifier.verify(set.access_token);
    await parts.grants.end(grant.id, 'operator');
    answer();
    await expect(request).rejects.toMatchObject({ reason: 'session_ended' });
    expect(await parts.grants.current(grant.id)).toBeUndefined();
  });

  it('after twelve hours, whatever the provider goes on to say', async () => {
    const { session, verifier, clock, tokens, grants } = await loginParts();
    const { set: first, grant } = await session();
    let set = first;
    for (let passed = 0; passed < 12 * 60 * MINUTE - 30 * MINUTE; passed += 30 * MINUTE) {
      clock.advance(30 * MINUTE);
      set = await tokens.refresh(set.refresh_token!, { clientId: CLIENT.id });
      await verifier.verify(set.access_token);
    }
    expect(set.expires_in).toBe(30 * 60);
    clock.advance(30 * MINUTE - 1);
    expect(await grants.current(grant.id)).toBeDefined();
    clock.advance(1);
    expect(await grants.current(grant.id)).toBeUndefined();
    await expect(tokens.refresh(set.refresh_token!, { clientId: CLIENT.id })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('for everybody who is meant, and for nobody else', async () => {
    const { login, grants, entries } = await loginParts();
    const ids: Record<string, string> = {};
    for (const [name, who] of Object.entries({
      first: alice({ sid: 's-1' }),
      second: alice({ sid: 's-2' }),
      namesake: alice({ iss: 'https://other.example.com', sid: 's-1' }),
      bob: alice({ user: 'bob', sub: 'b-2', sid: 's-3' }),
    })) {
      ids[name] = (await login(who)).grant.id;
    }
    const left = async () => {
      const found = new Set<string>();
      for await (const { id } of grants.list()) found.add(id);
      return Object.keys(ids).filter((name) => found.has(ids[name]!));
    };
    expect(await left()).toEqual(['first', 'second', 'namesake', 'bob']);
    expect(await grants.endWhere({ iss: alice().iss, upstreamSid: 's-1' }, 'logout', { requestId: 'r-9' })).toBe(1);
    expect(entries).toMatchObject([{ event: 'REVOKED', sid: ids.first, request_id: 'r-9', reason: 'logout' }]);
    expect(await left()).toEqual(['second', 'namesake', 'bob']);
    expect(await grants.endWhere({ iss: alice().iss, sub: 'a-1' }, 'logout')).toBe(1);
    expect(await left()).toEqual(['namesake', 'bob']);
    expect(await grants.endWhere({ user: 'alice' }, 'operator')).toBe(1);
    expect(await grants.endWhere({}, 'operator')).toBe(1);
    expect(await left()).toEqual([]);
  });

  it('for all, also where not one of the ends can be recorded', async () => {
    const { login, grants, recorder } = await loginParts();
    const all = [(await login()).grant, (await login()).grant];
    recorder.failing = true;
    await expect(grants.endWhere({}, 'operator')).rejects.toThrow('the audit file is full');
    for (const { id } of all) expect(await grants.current(id)).toBeUndefined();
  });

  it('for all others where one cannot be removed, and they are on the record', async () => {
    const clock = manualClock();
    const store = await openMemoryStore({ clock, logger: createLogger('silent') });
    let stuck = '';
    const failing = {
      ...store,
      delete: async (key: string) => {
        if (key === `grant:${stuck}`) throw new StoreUnavailableError();
        return store.delete(key);
      },
    };
    const { login, grants, entries } = await loginParts({ clock, store: failing });
    const [first, second, third] = [(await login()).grant, (await login()).grant, (await login()).grant];
    stuck = first.id;
    await expect(grants.endWhere({}, 'operator')).rejects.toThrow(StoreUnavailableError);
    expect(await grants.current(first.id)).toBeDefined();
    for (const { id } of [second, third]) expect(await grants.current(id)).toBeUndefined();
    expect(entries.map(({ event, sid }) => [event, sid])).toEqual([
      ['REVOKED', second.id],
      ['REVOKED', third.id],
    ]);
  });

  it.each(['end', 'endWhere'] as const)('on the record where its removal is done but not saved: %s', async (how) => {
    const clock = manualClock();
    const store = await openMemoryStore({ clock, logger: createLogger('silent') });
    const unsaved = {
      ...store,
      delete: async (key: string) => {
        await store.delete(key);
        throw new StoreUnavailableError();
      },
    };
    const { login, grants, entries } = await loginParts({ clock, store: unsaved });
    const { grant } = await login();
    const ending = how === 'end' ? grants.end(grant.id, 'operator') : grants.endWhere({}, 'operator');
    await expect(ending).rejects.toThrow(StoreUnavailableError);
    expect(await grants.current(grant.id)).toBeUndefined();
    expect(entries).toMatchObject([{ event: 'REVOKED', sid: grant.id, reason: 'operator' }]);
  });

  it('when it was revoked while the provider was failing to tell its groups', async () => {
    const { session, verifier, grants, clock } = await loginParts({
      refresh: async () => {
        await grants.end(grant.id, 'operator');
        throw unavailable();
      },
    });
    const { set, grant } = await session();
    clock.advance(5 * MINUTE);
    await expect(verifier.verify(set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
  });

  it('when the key that sealed its upstream token is gone', async () => {
    const { login, store, clock } = await loginParts();
    const { grant } = await login();
    const other = await loginParts({ store, clock, keys: new Secret('another-key-another-key-another-key-0123') });
    clock.advance(5 * MINUTE);
    expect(await other.grants.current(grant.id)).toBeUndefined();
    expect(other.entries).toMatchObject([{ event: 'REVOKED', reason: 'upstream_token_unreadable' }]);
  });
});

describe('what is kept of a session', () => {
  it('holds no token, no code and no secret', async () => {
    const { session, tokens, store, entries } = await loginParts();
    const { set, code, request } = await session();
    const next = await tokens.refresh(set.refresh_token!, { clientId: CLIENT.id });
    const kept: string[] = [JSON.stringify(entries)];
    for await (const key of store.keys('')) kept.push(key, (await store.get(key))!);
    expect(kept.length).toBeGreaterThan(6);
    const secrets = [set.access_token, set.refresh_token!, next.access_token, next.refresh_token!, code];
    for (const secret of [...secrets, request.codeVerifier, 'upstream-refresh-0']) {
      expect(kept.join('\n')).not.toContain(secret);
    }
  });
});
