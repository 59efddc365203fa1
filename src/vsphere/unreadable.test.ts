import { describe, expect, it } from 'vitest';
import type { ObjectProperties, Reader } from './reader.ts';
import { isUnreadable, requireReadable } from './unreadable.ts';

const ref = { type: 'VirtualMachine', value: 'vm-7' };

function missing(...faults: string[]): ReadonlyMap<string, string> {
  return new Map(faults.map((fault, at) => [`config.${at}`, fault]));
}

function readerOf(retrieve: () => Promise<ObjectProperties[]>): Pick<Reader, 'retrieve'> {
  return { retrieve };
}

describe('isUnreadable', () => {
  it.each([
    [[], false],
    [['ManagedObjectNotFound'], false],
    [['NotAuthenticated', 'InvalidProperty'], false],
    [['NoPermission'], true],
    [['MethodFault', 'NoPermission'], true],
  ])('of what is missing for %o: %s', (faults, expected) => {
    expect(isUnreadable({ missing: missing(...faults) })).toBe(expected);
  });
});

describe('requireReadable', () => {
  it('asks for nothing where all could be read', async () => {
    const reader = readerOf(() => Promise.reject(new Error('asked')));
    await expect(requireReadable(reader, { ref, missing: missing('ManagedObjectNotFound') })).resolves.toBeUndefined();
  });

  it('names the object', async () => {
    const reader = readerOf(() => Promise.resolve([{ ref, props: { name: 'a%2fb' }, missing: new Map() }]));
    await expect(requireReadable(reader, { ref, missing: missing('NoPermission') })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('"a/b"'),
    });
  });

  it.each([
    ['shows no name', () => Promise.resolve([{ ref, props: {}, missing: missing('NoPermission') }])],
    ['is not there any more', () => Promise.resolve([])],
    ['has no name to read', () => Promise.reject(new Error('InvalidProperty'))],
  ])('goes by the id of what %s', async (_, retrieve) => {
    const error = requireReadable(readerOf(retrieve), { ref, missing: missing('NoPermission') });
    await expect(error).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('"vm-7"'),
    });
  });
});
