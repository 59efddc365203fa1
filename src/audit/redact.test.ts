import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { canonicalJson } from './canonical.ts';
import { recordable } from './redact.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const otherKey = createSecretKey(Buffer.alloc(32, 8));

describe('recordable', () => {
  it('leaves of a secret its length and a digest that depends on the key', () => {
    const [one, same, other] = [
      recordable(new Secret('hunter2'), key),
      recordable(new Secret('hunter2'), key),
      recordable(new Secret('hunter2'), otherKey),
    ];
    expect(one).toEqual({ redacted: true, length: 7, digest: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) });
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('finds a secret wherever it stands', () => {
    const args = { a: [{ b: new Secret('hunter2') }], c: { d: { e: new Secret('hunter2') } } };
    const text = canonicalJson(recordable(args, key));
    expect(text).not.toContain('hunter2');
    expect(text.match(/"redacted":true/g)).toHaveLength(2);
  });

  it('returns small plain data as it is', () => {
    const plain = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });
    fc.assert(
      fc.property(plain, (value) => {
        const line = canonicalJson(recordable(value, key));
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('makes one line of JSON, bounded in size, of anything at all', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const line = canonicalJson({ value: recordable(value, key) });
        expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(line.length).toBeLessThan(1_000_000);
        expect(() => JSON.parse(line)).not.toThrow();
      }),
    );
  });

  it('cuts a long string and says how long it was, not within a character', () => {
    expect(recordable('x'.repeat(1_000_000), key)).toMatch(/^x{2048}… \[cut: 1000000 characters\]$/);
    const cut = recordable(`${'x'.repeat(2047)}😀😀`, key) as string;
    expect(cut.isWellFormed()).toBe(true);
  });

  it('cuts wide arrays and objects and says how much is missing', () => {
    const items = recordable(
      Array.from({ length: 1_000 }, (_, i) => i),
      key,
    ) as unknown[];
    expect(items).toHaveLength(101);
    expect(items[100]).toBe('[cut: 900 more items]');
    const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]));
    expect(recordable(wide, key)).toMatchObject({ '[cut]': '900 more fields' });
  });

  it('bounds what many small parts add up to', () => {
    const level = (depth: number): unknown =>
      depth === 0 ? 'y'.repeat(2_000) : Array.from({ length: 20 }, () => level(depth - 1));
    expect(canonicalJson(recordable(level(4), key)).length).toBeLessThan(200_000);
  });

  it('survives circles, depth and sparse arrays', () => {
    const circle: Record<string, unknown> = { name: 'c' };
    circle.self = circle;
    expect(recordable(circle, key)).toEqual({ name: 'c', self: '[circular]' });
    let deep: unknown = 'bottom';
    for (let i = 0; i < 100_000; i += 1) deep = { deep };
    expect(canonicalJson(recordable(deep, key))).toContain('[nested too deep]');
    const sparse: unknown[] = [];
    sparse.length = 4_000_000_000;
    expect(recordable(sparse, key)).toHaveLength(101);
  });

  it('lets the same object stand twice', () => {
    const shared = { a: 1 };
    expect(recordable([shared, shared], key)).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('treats a key named __proto__ as a key', () => {
    const line = canonicalJson(recordable(JSON.parse('{"__proto__":{"admin":true},"constructor":1}'), key));
    expect(line).toBe('{"__proto__":{"admin":true},"constructor":1}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each([
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['a huge bigint', 1n << 1_000_000n, '[integer of more than 1024 bits]'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(Number.NaN), 'Invalid Date'],
    ['NaN', Number.NaN, 'NaN'],
    ['infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['a function', () => 1, undefined],
    ['a symbol', Symbol('x'), undefined],
    ['a hole in an array', [undefined], [null]],
  ])('writes %s', (_name, value, written) => {
    expect(recordable(value, key)).toEqual(written);
  });

  it('records the size and digest of binary data, not its bytes', () => {
    const bytes = Buffer.from('the content of a guest file');
    expect(recordable(bytes, key)).toEqual({
      binary: true,
      length: bytes.length,
      digest: expect.stringMatching(/^hmac-sha256:/),
    });
  });

  it('records something also for what throws when it is read', () => {
    const hostile = {
      get name(): string {
        throw new Error('no');
      },
    };
    expect(recordable({ hostile, other: 1 }, key)).toEqual({ hostile: '[unreadable]', other: 1 });
  });
});
