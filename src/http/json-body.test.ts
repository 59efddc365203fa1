import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nesting } from './json-body.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('nesting', () => {
  it('counts what a parser would build, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 12 }), (value) => {
        expect(nesting(JSON.stringify(value))).toBe(depthOf(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not count brackets inside strings, escaped quotes included', () => {
    expect(nesting(String.raw`{"a":"[[[[\"[[[[","b":"\\"}`)).toBe(1);
  });

  it('reads a hundred thousand brackets without running out of stack', () => {
    expect(nesting('['.repeat(100_000))).toBe(100_000);
  });
});
