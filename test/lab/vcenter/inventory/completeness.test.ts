import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { propertiesOf } from '../../../../lab/vcenter/core/type-tables.ts';
import { startVCenter, type VCenter } from '../../../../lab/vcenter/vcenter.ts';
import { dataType } from '../../../../src/vim25/schema.ts';
import { connectTo } from '../../../vim25/connect.ts';

const { managedObjects } = JSON.parse(
  readFileSync(new URL('../../../../lab/vcenter/generated/managed-objects.json', import.meta.url), 'utf8'),
) as { managedObjects: Record<string, string[]> };
/** Rows of a managed type and of those that it derives from: `name:type`, with `?` or `[]` behind. */
function rowsOf(type: string): string[] {
  const [base, ...rows] = managedObjects[type] ?? [''];
  return base ? [...rowsOf(base), ...rows] : rows;
}

function requiredProperties(type: string): string[] {
  return rowsOf(type)
    .filter((row) => !/\?$|\[\]$/.test(row))
    .map((row) => row.slice(0, row.indexOf(':')));
}

/** Paths of required fields that a value lacks, all the way down. */
function lacking(value: unknown, declared: string, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => lacking(item, declared, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const type = (value as { $type?: string }).$type ?? declared;
  const known = dataType(type);
  if (!known) return [];
  const fields = value as Record<string, unknown>;
  return [
    ...known.fields.flatMap(({ name, type: of, optional, array }) =>
      fields[name] === undefined && !optional && !array
        ? [`${path}.${name} (${type})`]
        : lacking(fields[name], of, `${path}.${name}`),
    ),
  ];
}

let vcenter: VCenter | undefined;
afterEach(async () => {
  await vcenter?.stop();
  vcenter = undefined;
});

describe.each(['vcenter', 'esxi'] as const)('the inventory of a lab %s', (kind) => {
  it('has every required property, and in each every required field', async () => {
    vcenter = await startVCenter({ kind, tls: false });
    const missing = new Set<string>();
    for (const object of vcenter.world.objects.all('ManagedEntity')) {
      const { type } = object.ref;
      for (const name of requiredProperties(type)) {
        if (object.as('ManagedEntity')!.read(name) === undefined) missing.add(`${type}.${name}`);
      }
      for (const [name, { type: of }] of propertiesOf(type)!) {
        for (const path of lacking(object.read(name), of, `${type}.${name}`)) missing.add(path);
      }
    }
    expect([...missing]).toEqual([]);
  });

  it('answers every property of every object over the wire', async () => {
    vcenter = await startVCenter({ kind });
    const client = await connectTo(vcenter);
    const entities = [...vcenter.world.objects.all('ManagedEntity')].map(({ ref }) => ref);
    const seen = new Set<string>();
    const problems: unknown[] = [];
    await client.retrieveProperties(
      [{ propSet: [{ type: 'ManagedEntity', all: true }], objectSet: entities.map((obj) => ({ obj })) }],
      ({ obj, missingSet }) => {
        seen.add(obj.value);
        problems.push(...(missingSet ?? []));
      },
    );
    await client.close();
    expect(problems).toEqual([]);
    expect(seen.size).toBe(entities.length);
  });
});
