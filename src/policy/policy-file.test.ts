import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyFileError } from './errors.ts';
import { DEFAULT_GROUPS } from './groups.ts';
import { parsePolicyFile } from './policy-file.ts';

const tools = [
  { name: 'list_vms', level: 'READ_ONLY' },
  { name: 'power_off', aliases: ['power_off_vm'], level: 'POWER_OPS' },
  { name: 'delete_vm', level: 'VM_LIFECYCLE' },
] as const;
const parse = (text: string) => parsePolicyFile(text, 'policy.yaml', tools);

function problems(text: string): readonly { line: number; message: string }[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PolicyFileError) return error.problems;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a policy file', () => {
  it('adds groups to the default ones and raises tools, by alias too', () => {
    const file = parse(
      'groups:\n  /platform/ops: POWER_OPS\n  0f0c5c9e-4a57-4d6c-9d3c-2f0a7b1c8e11: VM_LIFECYCLE\ntools:\n  power_off_vm: FULL_ADMIN\n',
    );
    expect(Object.fromEntries(file.groupLevels)).toEqual({
      ...Object.fromEntries(DEFAULT_GROUPS),
      '/platform/ops': 'POWER_OPS',
      '0f0c5c9e-4a57-4d6c-9d3c-2f0a7b1c8e11': 'VM_LIFECYCLE',
    });
    expect([...file.toolLevels]).toEqual([['power_off', 'FULL_ADMIN']]);
  });

  it('may be JSON', () => {
    expect(parse('{"groups": {"ops": "POWER_OPS"}}').groupLevels.get('ops')).toBe('POWER_OPS');
  });

  it('may redefine a default group', () => {
    expect(parse('groups: { vsphere-admins: READ_ONLY }').groupLevels.get('vsphere-admins')).toBe('READ_ONLY');
  });

  it('takes __proto__ as a name like any other', () => {
    const { groupLevels } = parse('{"groups": {"__proto__": "READ_ONLY"}}');
    expect(groupLevels.get('__proto__')).toBe('READ_ONLY');
    expect(Object.getPrototypeOf(groupLevels)).toBe(Map.prototype);
  });

  it.each([
    ['an empty file', '', 1, 'empty'],
    ['comments only', '# nothing\n', 1, 'empty'],
    ['an empty mapping', '{}', 1, 'empty'],
    ['a list', '- groups\n', 1, 'must be a mapping'],
    ['a text', 'groups', 1, 'must be a mapping'],
    ['an unknown key', 'groups:\n  a: READ_ONLY\ntool:\n  list_vms: READ_ONLY\n', 3, 'is tools meant?'],
    ['a section that is no mapping', 'groups:\n  - a\n', 2, 'groups must map names to levels'],
    ['an empty section', 'groups:\n', 1, 'groups must map names to levels'],
    ['an unknown level', 'groups:\n  a: READONLY\n', 2, 'is READ_ONLY meant?'],
    ['a level in small letters', 'groups:\n  a: full_admin\n', 2, 'is FULL_ADMIN meant?'],
    ['several levels', 'groups:\n  a: [READ_ONLY, POWER_OPS]\n', 2, 'must have one level'],
    ['a missing level', 'groups:\n  a:\n', 2, 'must have one level'],
    ['a number as level', 'groups:\n  a: 5\n', 2, 'must have one level'],
    ['a number as group', 'groups:\n  a: READ_ONLY\n  123: READ_ONLY\n', 3, 'put it in quotes'],
    ['an empty group', "groups:\n  '': READ_ONLY\n", 2, 'A name has 1 to 256 characters'],
    ['a group with an invisible character', 'groups:\n  "a\\u202Eb": READ_ONLY\n', 2, 'A name has 1 to 256'],
    ['a long group', `groups:\n  ${'g'.repeat(257)}: READ_ONLY\n`, 2, 'A name has 1 to 256'],
    ['an unknown tool', 'tools:\n  power_of: FULL_ADMIN\n', 2, 'is power_off meant?'],
    ['a lowered tool', 'tools:\n  list_vms: READ_ONLY\n  delete_vm: POWER_OPS\n', 3, 'not lower it to POWER_OPS'],
    ['a tool twice by alias', 'tools:\n  power_off: HOST_ADMIN\n  power_off_vm: FULL_ADMIN\n', 3, 'already'],
    ['a duplicate key', 'groups:\n  a: READ_ONLY\n  a: FULL_ADMIN\n', 3, 'stands twice'],
    ['a duplicate section', 'groups:\n  a: READ_ONLY\ngroups:\n  b: FULL_ADMIN\n', 3, 'stands twice'],
    ['an alias', 'groups:\n  a: &x READ_ONLY\n  b: *x\n', 2, 'Anchors are not allowed'],
    ['a tag', 'groups:\n  a: !js READ_ONLY\n', 2, 'ag'],
    ['two documents', 'groups:\n  a: READ_ONLY\n---\ngroups:\n  b: READ_ONLY\n', 3, 'document'],
    ['broken YAML', 'groups:\n  a: "READ_ONLY\n', 3, 'Missing closing'],
    ['a file of 1 MiB and a byte', `#${'x'.repeat(1024 * 1024)}`, 1, 'larger than 1 MiB'],
    ['brackets without end', '['.repeat(500_000), 1, 'nested too deeply'],
  ])('is refused with a line for %s', (_what, text, line, message) => {
    const found = problems(text);
    expect(found.some((problem) => problem.line === line && problem.message.includes(message))).toBe(true);
  });

  it('lists all its problems at once, by line', () => {
    const error = (() => {
      try {
        return parse('groups:\n  a: NOPE\n  b: READ_ONLY\ntools:\n  nope: FULL_ADMIN\nmore: 1\n');
      } catch (thrown) {
        return thrown as PolicyFileError;
      }
    })() as PolicyFileError;
    expect(error.message.split('\n').map((line) => line.slice(0, 14))).toEqual([
      'policy.yaml:2:',
      'policy.yaml:5:',
      'policy.yaml:6:',
    ]);
    expect(error.code).toBe('CONFIGURATION');
  });

  it('refuses a bomb of aliases without building it', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 20; i += 1) {
      const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
    }
    expect(problems(bomb.join('\n')).some(({ message }) => message.startsWith('Aliases'))).toBe(true);
  });

  it('refuses sequences nested without brackets', () => {
    expect(problems('- '.repeat(100_000)).length).toBeGreaterThan(0);
  });

  it('ends in a policy or in a PolicyFileError, whatever the text', () => {
    const piece = fc.constantFrom(
      'groups',
      'tools',
      ':',
      '\n',
      ' ',
      '  ',
      '-',
      '{',
      '}',
      '"',
      '&a',
      '*a',
      'READ_ONLY',
      '!!',
      '|',
      '?',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(PolicyFileError);
            expect((error as PolicyFileError).problems.every(({ line }) => line >= 1)).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
