import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClaimOptions, hasAllClaims, readClaims, readSourcedClaims } from './claims.ts';

const plain: ClaimOptions = { groups: ['groups'] };
const read = (claims: Record<string, unknown>, options: Partial<ClaimOptions> = {}) =>
  readClaims({ sub: 's-1', ...claims }, { ...plain, ...options });

describe('the user name', () => {
  it.each([
    ['preferred_username first', { preferred_username: 'alice', email: 'a@example.com' }, 'alice'],
    ['then email', { email: 'a@example.com' }, 'a@example.com'],
    ['then sub', {}, 's-1'],
    ['past what is no text', { preferred_username: ['alice'], email: 7 }, 's-1'],
    ['past what is empty', { preferred_username: '', email: '' }, 's-1'],
    ['past what is too long', { preferred_username: 'a'.repeat(257) }, 's-1'],
    ['past a line end', { preferred_username: 'alice\nroot' }, 's-1'],
    [
      'past what turns the writing direction',
      { preferred_username: 'alice\u202e', email: 'b@example.com' },
      'b@example.com',
    ],
    ['past a zero-width space', { preferred_username: 'ali\u200bce' }, 's-1'],
    ['past half a surrogate pair', { preferred_username: 'alice\ud800' }, 's-1'],
  ])('is %s', (_what, claims, expected) => {
    expect(read(claims).user).toBe(expected);
  });

  it('is the claim that the operator chose, and no other', () => {
    expect(read({ upn: 'alice@corp', preferred_username: 'x' }, { username: 'upn' }).user).toBe('alice@corp');
    expect(read({ profile: { login: 'al' } }, { username: '/profile/login' }).user).toBe('al');
    expect(read({ preferred_username: 'x' }, { username: 'upn' }).user).toBeUndefined();
    expect(read({ upn: 'a\u0000' }, { username: 'upn' }).user).toBeUndefined();
  });
});

describe('the groups', () => {
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } };
  const cases: [string, Record<string, unknown>, Partial<ClaimOptions>, string[], string | undefined][] = [
    ['a list', { groups: ['a', 'b'] }, {}, ['a', 'b'], undefined],
    ['an empty list', { groups: [] }, {}, [], undefined],
    ['the same name twice', { groups: ['a', 'a'] }, {}, ['a'], undefined],
    ['one text', { groups: 'a,b' }, {}, ['a,b'], undefined],
    ['one text with commas', { groups: 'a, b,c' }, { separator: ',' }, ['a', 'b', 'c'], undefined],
    ['one text with spaces', { groups: 'a  b' }, { separator: ' ' }, ['a', 'b'], undefined],
    ['an empty text', { groups: '' }, { separator: ',' }, [], undefined],
    ['an empty part', { groups: 'a,,b' }, { separator: ',' }, ['a', 'b'], 'group_names_refused'],
    ['a pointer', { realm_access: { roles: ['a'] } }, { groups: ['/realm_access/roles'] }, ['a'], undefined],
    [
      'a claim whose name is a URL',
      { 'https://e.com/groups': ['a'] },
      { groups: ['https://e.com/groups'] },
      ['a'],
      undefined,
    ],
    ['an escaped pointer', { 'a/b~c': ['a'] }, { groups: ['/a~1b~0c'] }, ['a'], undefined],
    [
      'the first place that exists',
      { roles: ['r'], groups: ['g'] },
      { groups: ['none', 'roles', 'groups'] },
      ['r'],
      undefined,
    ],
    [
      'the first place though it is empty',
      { roles: [], groups: ['g'] },
      { groups: ['roles', 'groups'] },
      [],
      undefined,
    ],
    ['prefixes', { groups: ['/a', '/a/b', 'c', '/'] }, { stripPrefix: '/' }, ['a', 'a/b', 'c'], 'group_names_refused'],
    ['paths as they are', { groups: ['/platform/ops'] }, {}, ['/platform/ops'], undefined],
    ['nothing', {}, {}, [], 'groups_absent'],
    ['Entra over its limit', overage, {}, [], 'groups_overage'],
    ['Entra over its limit, implicit flow', { hasgroups: true }, {}, [], 'groups_overage'],
    ['distributed claims about something else', { _claim_names: { address: 'src1' } }, {}, [], 'groups_absent'],
    ['null', { groups: null }, {}, [], 'groups_malformed'],
    ['a number', { groups: 7 }, {}, [], 'groups_malformed'],
    ['an object', { groups: { a: true } }, {}, [], 'groups_malformed'],
    ['a number among names', { groups: ['vsphere-admins', 7] }, {}, [], 'groups_malformed'],
    ['a nested list', { groups: [['vsphere-admins']] }, {}, [], 'groups_malformed'],
    ['too many', { groups: Array.from({ length: 2001 }, (_, i) => `g${i}`) }, {}, [], 'too_many_groups'],
    ['a long name', { groups: ['a', 'g'.repeat(257)] }, {}, ['a'], 'group_names_refused'],
    ['a name with a line end', { groups: ['a', 'b\n'] }, {}, ['a'], 'group_names_refused'],
    ['a name with a hidden character', { groups: ['vsphere-admins\u200b', 'a'] }, {}, ['a'], 'group_names_refused'],
    ['an inherited property', {}, { groups: ['constructor', '/__proto__', 'toString'] }, [], 'groups_absent'],
    ['a pointer through a text', { groups: 'abc' }, { groups: ['/groups/length'] }, [], 'groups_absent'],
  ];
  it.each(cases)('of %s', (_what, claims, options, groups, problem) => {
    expect(read(claims, options)).toEqual({ user: 's-1', groups, ...(problem ? { problem } : {}) });
  });

  it('are 2,000 at most', () => {
    expect(read({ groups: Array.from({ length: 2000 }, (_, i) => `g${i}`) }).groups).toHaveLength(2000);
  });

  it('are texts that can be seen, whatever the claim holds', () => {
    fc.assert(
      fc.property(fc.anything(), fc.option(fc.constantFrom(',', ' ', ';'), { nil: undefined }), (value, separator) => {
        const { groups } = read({ groups: value }, separator === undefined ? {} : { separator });
        for (const group of groups) expect(group).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,256}$/u);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the group map', () => {
  const groupMap = {
    users: new Map([
      ['s-1', ['by-sub']],
      ['a@example.com', ['by-name']],
    ]),
    groups: new Map([['0f0c', ['vsphere-admins', 'staff']]]),
  };

  it('adds groups for a user by sub and by name, and for groups', () => {
    const { groups } = read({ email: 'a@example.com', groups: ['0f0c', 'x'] }, { groupMap });
    expect(groups).toEqual(['0f0c', 'x', 'vsphere-admins', 'staff', 'by-sub', 'by-name']);
  });

  it('gives nothing to an address that the provider calls unverified', () => {
    const claims = { sub: 's-2', email: 'a@example.com', groups: [] };
    expect(read({ ...claims, email_verified: false }, { groupMap }).groups).toEqual([]);
    expect(read({ ...claims, email_verified: true }, { groupMap }).groups).toEqual(['by-name']);
  });

  it('serves a provider that sends no groups at all', () => {
    expect(read({}, { groupMap })).toEqual({ user: 's-1', groups: ['by-sub'], problem: 'groups_absent' });
  });

  it('does not map what it has mapped', () => {
    const loop = {
      users: new Map(),
      groups: new Map([
        ['a', ['b']],
        ['b', ['a', 'c']],
      ]),
    };
    expect(read({ groups: ['a'] }, { groupMap: loop }).groups).toEqual(['a', 'b']);
  });
});

describe('several sources about one person', () => {
  const options: ClaimOptions = { groups: ['/realm_access/roles', 'groups'] };

  it('give the groups of the first that has the claim, whatever the others say', () => {
    const read = (...sources: Record<string, unknown>[]) => readSourcedClaims(sources, options);
    expect(read({ sub: 's' }, { groups: ['a'] }, { groups: ['b'] }).groups).toEqual(['a']);
    expect(read({ groups: ['a'] }, { realm_access: { roles: ['b'] } }).groups).toEqual(['a']);
    expect(read({ groups: [] }, { groups: ['b'] }).groups).toEqual([]);
    expect(read({ groups: null }, { groups: ['b'] })).toMatchObject({ groups: [], problem: 'groups_malformed' });
  });

  it('tell of too many groups only where no source names them', () => {
    const read = (...sources: Record<string, unknown>[]) => readSourcedClaims(sources, options);
    expect(read({ hasgroups: true }, { groups: ['a'] })).toMatchObject({ groups: ['a'] });
    expect(read({ sub: 's' }, { hasgroups: true })).toMatchObject({ groups: [], problem: 'groups_overage' });
  });

  it('give the best name that any has, in their order', () => {
    const name = (...sources: Record<string, unknown>[]) => readSourcedClaims(sources, options).user;
    expect(name({ email: 'a@b' }, { preferred_username: 'al' }, { preferred_username: 'other' })).toBe('al');
    expect(name({ sub: 's' }, { email: 'a@b' })).toBe('a@b');
    expect(name({ sub: 's' }, {})).toBe('s');
  });

  it('give nothing to an address that one of them calls unverified', () => {
    const groupMap = { users: new Map([['a@b', ['vsphere-admins']]]), groups: new Map() };
    const read = (...sources: Record<string, unknown>[]) =>
      readSourcedClaims(sources, { groups: ['groups'], groupMap });
    expect(read({ email: 'a@b', email_verified: true }, { email: 'a@b', email_verified: false }).groups).toEqual([]);
    expect(read({ email: 'a@b' }, { sub: 's' }).groups).toEqual(['vsphere-admins']);
  });

  it('are enough once there are groups and a name of the first choice', () => {
    expect(hasAllClaims([], options)).toBe(false);
    expect(hasAllClaims([{ groups: [], email: 'a@b' }], options)).toBe(false);
    expect(hasAllClaims([{ preferred_username: 'al' }], options)).toBe(false);
    expect(hasAllClaims([{ groups: [] }, { preferred_username: 'al' }], options)).toBe(true);
    expect(hasAllClaims([{ groups: [], upn: 'al' }], { ...options, username: 'upn' })).toBe(true);
  });
});
