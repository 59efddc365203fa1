/** What callers are told to use must be there: a model takes the name of a tool at its word. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tools } from '../../src/tools/index.ts';
import { checkedSchema } from '../../src/tools/json-schema.ts';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));
const ROOMS = ['tools', 'vsphere', 'mcp', 'resources', 'policy'];
const FILES = ROOMS.flatMap((room) =>
  readdirSync(join(SOURCE, room))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `${room}/${name}`),
);

/** Words of the results themselves that descriptions explain, and a parameter of URLs. */
const VALUES = new Set(['distributed_portgroup', 'read_only']);

const toolNames = new Set(tools.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
const fields = new Set(
  tools.flatMap(({ input, output }) =>
    [checkedSchema(input, 'input'), checkedSchema(output, 'output')].flatMap(propertiesOf),
  ),
);

it.each(FILES)('the texts of %s name only tools, arguments and results that exist', (file) => {
  const named = textsOf(readFileSync(join(SOURCE, file), 'utf8')).flatMap(
    (text) => text.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [],
  );
  expect(named.filter((name) => !toolNames.has(name) && !fields.has(name) && !VALUES.has(name))).toEqual([]);
});

describe('the search for such names', () => {
  it('sees them in descriptions, messages and templates, and not in comments or code', () => {
    const source = [
      "// use no_such_tool here, it's not there",
      '/** no_such_tool is better */',
      'const no_such_field = 1;',
      "throw new Error('Use power_off instead.');",
      'const message = `Use $'.concat('{name} and get_task.`;'),
      `const title = "it's list_vms";`,
    ].join('\n');
    expect(
      textsOf(source)
        .join(' ')
        .match(/\b[a-z]+(?:_[a-z]+)+\b/g),
    ).toEqual(['power_off', 'get_task', 'list_vms']);
  });
});

/** The sentences among the string literals of a source file: those with a space. */
function textsOf(source: string): string[] {
  const tokens = source.matchAll(
    /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*|'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`/g,
  );
  return [...tokens]
    .map(([, single, double, template]) => single ?? double ?? template?.replace(/\$\{[^}]*\}/g, '') ?? '')
    .filter((text) => text.includes(' '));
}

function propertiesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.keys((schema as { properties?: object }).properties ?? {});
  return [...own, ...Object.values(schema).flatMap(propertiesOf)];
}
