/** What holds for every tool, whoever adds it. */
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { listTool } from '../../src/mcp/catalog.ts';
import { PERMISSION_LEVELS } from '../../src/policy/levels.ts';
import { tools, toolsets } from '../../src/tools/index.ts';
import { secretFields } from '../../src/tools/secret-field.ts';

const SECRET_NAME = /passw|secret|token|credential|api_?key|private|passphrase|^key$/i;
const LARGEST_BYTES = 2048;

const names = tools.flatMap(({ name, aliases = [] }) => [name, ...aliases]);

describe('the list of tools', () => {
  it('has tools', () => {
    expect(tools.length).toBeGreaterThan(20);
  });

  it('has no name and no alias twice', () => {
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('puts every tool into exactly one set', () => {
    const inSets = Object.values(toolsets)
      .flat()
      .map(({ name }) => name);
    expect([...inSets].sort()).toEqual(tools.map(({ name }) => name).sort());
  });

  it('has no title twice', () => {
    const titles = tools.map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });
});

describe.each(tools.map((tool) => [tool.name, tool] as const))('%s', (_name, tool) => {
  const listed = listTool(tool);
  const json = JSON.stringify(listed, undefined, 2);

  it('and its aliases are named verb_noun', () => {
    for (const name of [tool.name, ...(tool.aliases ?? [])]) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('is described in a few plain sentences', () => {
    expect(tool.description.length).toBeGreaterThanOrEqual(20);
    expect(tool.description.length).toBeLessThan(400);
    expect(tool.description).toMatch(/\.$/);
    expect(tool.description).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('is small enough for a list of a hundred', () => {
    expect(Buffer.byteLength(JSON.stringify(listed))).toBeLessThan(LARGEST_BYTES);
  });

  it('has no argument named like a secret that is not one', () => {
    const secrets = secretFields(tool.input.shape);
    const open = Object.keys(tool.input.shape).filter((name) => SECRET_NAME.test(name) && !secrets.has(name));
    expect(open).toEqual([]);
  });

  it('asks for more than reading where it changes anything', () => {
    expect(PERMISSION_LEVELS).toContain(tool.permission);
    if (tool.effect !== 'read') expect(tool.permission).not.toBe('READ_ONLY');
  });

  it('starts tasks only where it changes something, and then lets its caller not wait', () => {
    if (tool.effect === 'read') expect(tool.task).toBe(false);
    if (tool.task) {
      expect(Object.keys(tool.input.shape)).toContain('wait');
      expect(Object.keys(tool.output.shape)).toContain('task');
    }
  });

  it('gives what it lists in pages', () => {
    const lists = 'total' in tool.output.shape;
    if (/^list_|^browse_|^find$/.test(tool.name)) expect(lists).toBe(true);
    for (const [name, shape] of [
      ['limit', tool.input.shape],
      ['cursor', tool.input.shape],
      ['next_cursor', tool.output.shape],
    ] as const) {
      expect(name in shape).toBe(lists);
    }
  });

  it('takes a managed server unless it is about the gateway', () => {
    expect('host' in tool.input.shape).toBe(tool.scope === 'server');
  });

  it('bounds every text that it takes', () => {
    expect(unboundedTexts(listed.inputSchema)).toEqual([]);
  });

  it('refuses arguments that it does not know', () => {
    expect(listed.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect((tool.input as z.ZodObject).safeParse({ __unknown__: 1 }).success).toBe(false);
  });

  it('tells clients the truth about itself', () => {
    expect(listed.annotations).toMatchObject({ readOnlyHint: tool.effect === 'read' });
    if (tool.effect === 'read') expect(listed.annotations?.destructiveHint).toBe(false);
    if (tool.effect === 'delete') expect(listed.annotations?.destructiveHint).toBe(true);
  });

  it('is listed as it was', async () => {
    await expect(`${json}\n`).toMatchFileSnapshot(`./__snapshots__/tools/${tool.name}.json`);
  });
});

/** The paths of texts without a longest length or a closed set of values. */
function unboundedTexts(schema: unknown, at = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, maxLength, pattern, enum: values, const: value, format } = schema as Record<string, unknown>;
  const bounded = [maxLength, pattern, values, value, format].some((each) => each !== undefined);
  const own = type === 'string' && !bounded ? [at] : [];
  return [...own, ...Object.entries(schema).flatMap(([key, inner]) => unboundedTexts(inner, `${at}/${key}`))];
}
