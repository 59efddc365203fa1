import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { principal } from './principal.ts';
import { createTokenCache } from './token-cache.ts';

function set() {
  const clock = manualClock();
  const who = principal({ user: 'a', sub: 'a', iss: 'i', groups: [], expiresAt: clock.now() / 1000 + 3600 });
  return { clock, who, cache: createTokenCache(clock) };
}

describe('the token cache', () => {
  it('knows a token for less than thirty seconds', () => {
    const { clock, who, cache } = set();
    cache.set('t', who, 1);
    clock.advance(29_999);
    expect(cache.get('t', 1)).toBe(who);
    clock.advance(1);
    expect(cache.get('t', 1)).toBeUndefined();
  });

  it('does not extend that when the token is used', () => {
    const { clock, who, cache } = set();
    cache.set('t', who, 1);
    for (let i = 0; i < 3; i += 1) {
      clock.advance(10_000);
      cache.get('t', 1);
    }
    expect(cache.get('t', 1)).toBeUndefined();
  });

  it('knows no token beyond its end, or without one', () => {
    const { clock, who, cache } = set();
    cache.set('t', { ...who, expiresAt: clock.now() / 1000 + 5 }, 1);
    const { expiresAt: _, ...endless } = who;
    cache.set('u', endless, 1);
    clock.advance(5_000);
    expect(cache.get('t', 1)).toBeUndefined();
    expect(cache.get('u', 1)).toBeUndefined();
  });

  it('knows no token of older keys', () => {
    const { who, cache } = set();
    cache.set('t', who, 1);
    expect(cache.get('t', 2)).toBeUndefined();
  });

  it('keeps the thousand that were used last', () => {
    const { who, cache } = set();
    for (let i = 0; i < 1000; i += 1) cache.set(`t${i}`, who, 1);
    cache.get('t0', 1);
    cache.set('one more', who, 1);
    expect(cache.get('t0', 1)).toBe(who);
    expect(cache.get('t1', 1)).toBeUndefined();
    expect(cache.get('t2', 1)).toBe(who);
  });
});
