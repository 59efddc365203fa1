import { describe, expect, it } from 'vitest';
import { nameFilter } from './name-filter.ts';

describe('nameFilter', () => {
  it.each([
    [undefined, 'anything', true],
    ['web', 'prod-WEB-01', true],
    ['web', 'db01', false],
    ['web*', 'web01', true],
    ['web*', 'old-web01', false],
    ['*web*', 'old-web01', true],
    ['web?1', 'web01', true],
    ['web?1', 'web1', false],
    ['w*b*1', 'web-db-11', true],
    ['w*b*1', 'web-db-12', false],
    ['*', '', true],
    ['?', '', false],
    ['a.c*', 'abc', false],
    ['[a-z]*', 'web01', false],
    ['(*', '(clone) web', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(nameFilter(pattern)(name)).toBe(expected);
  });

  it('answers a pattern that is all stars', () => {
    const matches = nameFilter(`${'*a'.repeat(40)}b`);
    expect(matches('a'.repeat(80))).toBe(false);
    expect(matches(`${'a'.repeat(79)}b`)).toBe(true);
  });
});
