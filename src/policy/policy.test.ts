import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_GROUPS } from './groups.ts';
import { PERMISSION_LEVELS, type PermissionLevel } from './levels.ts';
import { createPolicy } from './policy.ts';

const policy = createPolicy({ groupLevels: DEFAULT_GROUPS });
const tool = (level: PermissionLevel, name = 'power_off') => ({ kind: 'tool', name, level }) as const;
const ranked = [...DEFAULT_GROUPS.keys()];

describe('decide', () => {
  for (const [i, group] of ranked.entries()) {
    for (const [j, level] of PERMISSION_LEVELS.entries()) {
      it(`${i >= j ? 'allows' : 'denies'} ${group} what needs ${level}`, () => {
        const decision = policy.decide({ groups: [group] }, tool(level));
        if (i >= j) expect(decision).toEqual({ allowed: true, level, group });
        else expect(decision).toMatchObject({ allowed: false, required: level, reason: 'insufficient_level' });
      });
    }
  }

  it('names the least of several groups that suffice', () => {
    const groups = ['vsphere-super-admins', 'vsphere-readers', 'vsphere-operators'];
    expect(policy.decide({ groups }, tool('POWER_OPS'))).toMatchObject({ group: 'vsphere-operators' });
  });

  it('denies somebody without groups, and says which groups would do', () => {
    expect(policy.decide({ groups: [] }, tool('HOST_ADMIN'))).toEqual({
      allowed: false,
      required: 'HOST_ADMIN',
      reason: 'no_groups',
      grantingGroups: ['vsphere-host-admins', 'vsphere-super-admins'],
      message:
        'power_off needs HOST_ADMIN, and your login carries no groups. Groups that grant it, the least first: vsphere-host-admins, vsphere-super-admins.',
    });
  });

  it('keeps unknown groups of the caller out of the message', () => {
    const decision = policy.decide({ groups: ['payroll\u202e'] }, tool('READ_ONLY'));
    expect(decision).toMatchObject({ reason: 'no_recognised_group' });
    expect(JSON.stringify(decision)).not.toContain('payroll');
  });

  it('says what the caller has where it is not enough', () => {
    const decision = policy.decide({ groups: ['vsphere-readers'] }, tool('POWER_OPS'));
    expect(decision.allowed === false && decision.message).toContain('your groups give READ_ONLY at most');
  });

  it.each([
    'VSPHERE-READERS',
    ' vsphere-readers',
    'vsphere-readers ',
    'vsphere-readers\u0000',
    'vsphere-readers,vsphere-admins',
    '__proto__',
    'constructor',
    'toString',
    '',
  ])('takes no liberty with the group name %j', (group) => {
    expect(policy.decide({ groups: [group] }, tool('READ_ONLY')).allowed).toBe(false);
  });

  it('denies everybody an action whose level does not exist', () => {
    const decision = policy.decide({ groups: ranked }, tool('ROOT' as PermissionLevel));
    expect(decision).toMatchObject({ allowed: false, grantingGroups: [] });
  });

  it('never allows anything to groups outside the table', () => {
    const known = new Set(ranked);
    const stranger = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...ranked).map((group) => `${group}s`),
      fc.constantFrom(...ranked).map((group) => group.toUpperCase()),
      fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
    );
    fc.assert(
      fc.property(
        fc.array(
          stranger.filter((name) => !known.has(name)),
          { maxLength: 50 },
        ),
        fc.constantFrom(...PERMISSION_LEVELS),
        fc.constantFrom('tool' as const, 'resource' as const),
        fc.string(),
        (groups, level, kind, name) => {
          expect(policy.decide({ groups }, { kind, name, level }).allowed).toBe(false);
          expect(policy.levelsOf(groups)).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('depends on the best group only, whatever stands beside it and in whatever order', () => {
    fc.assert(
      fc.property(fc.subarray(ranked, { minLength: 1 }), fc.array(fc.string()), fc.nat(4), (mine, noise, wanted) => {
        const best = Math.max(...mine.map((group) => ranked.indexOf(group)));
        const groups = [...noise, ...mine.toReversed(), ...noise];
        expect(policy.decide({ groups }, tool(PERMISSION_LEVELS[wanted]!)).allowed).toBe(best >= wanted);
      }),
    );
  });
});

describe('raised tools', () => {
  const strict = createPolicy({
    groupLevels: DEFAULT_GROUPS,
    toolLevels: new Map([
      ['power_off', 'FULL_ADMIN'],
      ['delete_vm', 'READ_ONLY'],
    ]),
  });

  it('need the raised level', () => {
    expect(strict.decide({ groups: ['vsphere-operators'] }, tool('POWER_OPS'))).toMatchObject({
      required: 'FULL_ADMIN',
    });
    expect(strict.requiredLevel(tool('POWER_OPS'))).toBe('FULL_ADMIN');
  });

  it('are never lowered, even by a table that says so', () => {
    expect(strict.decide({ groups: ['vsphere-readers'] }, tool('VM_LIFECYCLE', 'delete_vm')).allowed).toBe(false);
  });

  it('leave a resource of the same name alone', () => {
    const action = { kind: 'resource', name: 'power_off', level: 'READ_ONLY' } as const;
    expect(strict.decide({ groups: ['vsphere-readers'] }, action).allowed).toBe(true);
  });
});

describe('a resource that mirrors a tool', () => {
  const strict = createPolicy({ groupLevels: DEFAULT_GROUPS, toolLevels: new Map([['list_vms', 'HOST_ADMIN']]) });
  const resource = (mirrors: string, level: PermissionLevel = 'READ_ONLY') =>
    ({ kind: 'resource', name: 'esxi://vms', level, mirrors }) as const;

  it('needs what the tool was raised to', () => {
    expect(strict.decide({ groups: ['vsphere-readers'] }, resource('list_vms'))).toMatchObject({
      allowed: false,
      required: 'HOST_ADMIN',
    });
    expect(strict.decide({ groups: ['vsphere-host-admins'] }, resource('list_vms')).allowed).toBe(true);
  });

  it('needs its own level where that is the higher one, or the tool was not raised', () => {
    expect(strict.requiredLevel(resource('list_vms', 'FULL_ADMIN'))).toBe('FULL_ADMIN');
    expect(strict.requiredLevel(resource('list_hosts'))).toBe('READ_ONLY');
  });
});

describe('the table', () => {
  it('is sorted by level, then name, and cannot be changed', () => {
    const table = createPolicy({ groupLevels: new Map([...DEFAULT_GROUPS, ['alpha', 'POWER_OPS']]) }).groups();
    expect(table.slice(0, 3).map(({ group }) => group)).toEqual(['vsphere-readers', 'alpha', 'vsphere-operators']);
    expect(() => (table as unknown[]).push({})).toThrow(TypeError);
    expect(() => ((table[0]!.includes as unknown[])[0] = 'FULL_ADMIN')).toThrow(TypeError);
  });

  it('gives every level up to the highest', () => {
    expect(policy.levelsOf(['vsphere-readers', 'vsphere-admins'])).toEqual(['READ_ONLY', 'POWER_OPS', 'VM_LIFECYCLE']);
    expect(policy.highestLevel(['vsphere-readers', 'vsphere-admins'])).toBe('VM_LIFECYCLE');
  });

  it('does not follow later changes of the map it was made from', () => {
    const mine = new Map(DEFAULT_GROUPS);
    const made = createPolicy({ groupLevels: mine });
    mine.set('late', 'FULL_ADMIN');
    expect(made.highestLevel(['late'])).toBeUndefined();
  });
});
