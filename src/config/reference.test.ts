import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { OPTION_NAMES } from './options.ts';
import { renderConfigurationReference, renderEnvExample } from './reference.ts';

const noFile = () => {
  throw new Error('no file is read here');
};

describe('the reference', () => {
  it('has every option once, in a table of three columns', () => {
    const rows = renderConfigurationReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows.map((row) => /^\| `([A-Z_]+)`/.exec(row)?.[1]).toSorted()).toEqual(OPTION_NAMES.toSorted());
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(5);
  });
});

describe('the example environment', () => {
  const assignments = renderEnvExample()
    .split('\n')
    .filter((line) => /^#[A-Z]/.test(line))
    .map((line) => line.slice(1).split(/=(.*)/) as [string, string]);

  it('has every option once and no secret', () => {
    expect(assignments.map(([name]) => name).toSorted()).toEqual(OPTION_NAMES.toSorted());
    expect(assignments.filter(([name]) => /PASS|KEY/.test(name)).every(([, value]) => value === '')).toBe(true);
  });

  it('sets nothing as it stands', () => {
    expect(
      renderEnvExample()
        .split('\n')
        .every((line) => line === '' || line.startsWith('#')),
    ).toBe(true);
  });

  it('holds only values that are valid', () => {
    const env = Object.fromEntries(assignments.filter(([name]) => !name.endsWith('_FILE')));
    const loaded = loadConfig({ ...env, VCENTER_PASSWORD: 'x', ESXI_PASS: 'y' }, noFile);
    expect(loaded).toMatchObject({ ok: true });
  });
});
