import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { stdioPrincipal, unauthenticatedPrincipal } from './local-principal.ts';

describe('principals without a token', () => {
  it('name the user of this machine on stdio', () => {
    expect(stdioPrincipal(['a'])).toMatchObject({
      user: userInfo().username,
      iss: 'urn:mcvsphere:local',
      groups: ['a'],
    });
  });

  it('have the groups they were given and cannot be changed', () => {
    const groups = ['vsphere-readers'];
    const everybody = unauthenticatedPrincipal(groups);
    groups.push('vsphere-super-admins');
    expect(everybody.groups).toEqual(['vsphere-readers']);
    expect(() => (everybody.groups as string[]).push('x')).toThrow(TypeError);
  });

  it('have issuers that no provider can have', () => {
    for (const { iss } of [stdioPrincipal([]), unauthenticatedPrincipal([])])
      expect(new URL(iss).protocol).toBe('urn:');
  });
});
