import { describe, expect, it } from 'vitest';
import { compareVersions, newestCommon } from './versions.ts';

describe('the API version', () => {
  it.each([
    [['6.5', '6.0', '5.5'], '6.5'],
    [['8.0.3.0', '8.0.2.0', '7.0.3.0', '6.7'], '8.0.3.0'],
    [['12.0.0.0', '9.1.0.0', '9.0.0.0'], '9.1.0.0'],
    [['12.0.0.0'], '6.5'],
    [[], '6.5'],
    [['latest', '7.0"><x', '', '7.0.1.0'], '7.0.1.0'],
  ])('of a server that offers %j is %s', (offered, version) => {
    expect(newestCommon(offered)).toBe(version);
  });

  it('is compared by number and not by text', () => {
    expect(compareVersions('10.0', '9.1.0.0')).toBeGreaterThan(0);
    expect(compareVersions('7.0', '7.0.0.0')).toBe(0);
    expect(compareVersions('6.7.3', '6.7.10')).toBeLessThan(0);
  });
});
