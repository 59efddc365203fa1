import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { Secret } from '../lib/secret.ts';
import { deriveOAuthKeys } from './keys.ts';
import { createSealing } from './sealing.ts';

const FIRST = '4e7c1f0b6a2d98355e0f1c7b8a9d2e3f4e7c1f0b6a2d98355e0f1c7b8a9d2e3f';
const SECOND = 'c0ffee00112233445566778899aabbccddeeff00c0ffee00112233445566778899';

function sealingWith(text: string, clock = manualClock()) {
  return createSealing({ keys: deriveOAuthKeys(new Secret(text)).sealing, clock });
}

describe('what is sealed', () => {
  it('opens for its purpose until its time is over, and cannot be read', async () => {
    const clock = manualClock(1_800_000_000_000);
    const sealing = sealingWith(FIRST, clock);
    const text = await sealing.seal('client', { name: 'Pelican' }, 60);
    expect(Buffer.from(text.split('.')[3]!, 'base64url').toString('latin1')).not.toContain('Pelican');
    expect(await sealing.open('client', text)).toEqual({ name: 'Pelican' });
    expect(await sealing.open('transaction', text)).toBeUndefined();
    clock.advance(59_999);
    expect(await sealing.open('client', text)).toEqual({ name: 'Pelican' });
    clock.advance(1);
    expect(await sealing.open('client', text)).toBeUndefined();
  });

  it('opens with an older key until the operator takes it out', async () => {
    const text = await sealingWith(FIRST).seal('client', 1, 60);
    expect(await sealingWith(`${SECOND} ${FIRST}`).open('client', text)).toBe(1);
    expect(await sealingWith(SECOND).open('client', text)).toBeUndefined();
  });

  it('does not open where one character was changed, whichever', async () => {
    const sealing = sealingWith(FIRST);
    const text = await sealing.seal('client', 'x', 60);
    // The last character of a base64url part may hold bits that nobody reads.
    const last = new Set([...text.matchAll(/(?=\.)|$/g)].map(({ index }) => index - 1));
    for (let at = 0; at < text.length; at += 1) {
      if (last.has(at)) continue;
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      expect(await sealing.open('client', changed)).toBeUndefined();
    }
  });

  it.each(['', '.', '....', 'a.b.c.d.e', 'x'.repeat(1_000_000), '\u0000', '%2e'])('is not %.20j', async (text) => {
    expect(await sealingWith(FIRST).open('client', text)).toBeUndefined();
  });
});
