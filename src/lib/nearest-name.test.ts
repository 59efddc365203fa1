import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

describe('nearestName', () => {
  const names = ['power_off', 'power_on', 'list_vms'];

  it.each([
    ['power_of', 'power_off'],
    ['POWER_ON', 'power_on'],
    ['list_vm', 'list_vms'],
    ['lists_vms', 'list_vms'],
  ])('takes %s for %s', (name, expected) => {
    expect(nearestName(name, names)).toBe(expected);
  });

  it.each(['', 'zzzzzz', 'delete_everything', 'x'.repeat(100_000)])(
    'has no guess for what is close to nothing',
    (name) => {
      expect(nearestName(name, names)).toBeUndefined();
    },
  );
});
