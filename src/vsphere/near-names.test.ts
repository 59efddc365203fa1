import { describe, expect, it } from 'vitest';
import { nearNames } from './near-names.ts';

describe('near names', () => {
  it('puts a name that differs in case only first', () => {
    expect(nearNames('web01', ['web02', 'WEB01', 'db01'])[0]).toBe('WEB01');
  });

  it('suggests at most three', () => {
    expect(nearNames('web01', ['web02', 'web03', 'web04', 'web05'])).toHaveLength(3);
  });

  it('suggests what contains the wish, and nothing that is far', () => {
    expect(nearNames('mail', ['prod-mail-01', 'database'])).toEqual(['prod-mail-01']);
  });

  it('suggests nothing for nothing, and takes a huge wish', () => {
    expect(nearNames('   ', ['a', 'b'])).toEqual([]);
    expect(nearNames('x'.repeat(1_000_000), ['web01'])).toEqual([]);
  });
});
