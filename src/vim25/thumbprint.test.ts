import { describe, expect, it } from 'vitest';
import { matchesThumbprint, parseThumbprint } from './thumbprint.ts';

const SHA1 = 'AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD';

describe('a thumbprint', () => {
  it('is read with colons or without, in any case, with spaces around', () => {
    expect(parseThumbprint(` ${SHA1.toLowerCase()}\n`)).toEqual(parseThumbprint(SHA1.replaceAll(':', '')));
    expect(parseThumbprint('a'.repeat(64))?.algorithm).toBe('sha256');
  });

  it.each(['', ':', 'AB:CD', 'g'.repeat(40), `${SHA1}:00`, 'a'.repeat(65)])('is not read from %j', (text) => {
    expect(parseThumbprint(text)).toBeUndefined();
  });

  it('never matches a connection that presented no certificate', () => {
    const pin = parseThumbprint(SHA1)!;
    expect(matchesThumbprint(pin, {})).toBe(false);
    expect(matchesThumbprint(pin, { fingerprint: '' })).toBe(false);
    expect(matchesThumbprint(pin, { fingerprint256: SHA1 })).toBe(false);
    expect(matchesThumbprint(pin, { fingerprint: SHA1 })).toBe(true);
  });
});
