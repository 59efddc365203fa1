import { describe, expect, it } from 'vitest';
import { formatDatastorePath, parseDatastorePath } from './datastore-path.ts';

describe('parseDatastorePath', () => {
  it.each([
    ['[nfs] iso/a.iso', { datastore: 'nfs', path: 'iso/a.iso' }],
    ['[nfs]iso/a.iso', { datastore: 'nfs', path: 'iso/a.iso' }],
    ['[my ds (1)] a.iso', { datastore: 'my ds (1)', path: 'a.iso' }],
    ['iso/a.iso', { path: 'iso/a.iso' }],
    ['/iso/a.iso', { path: 'iso/a.iso' }],
    ['iso/[x].iso', { path: 'iso/[x].iso' }],
  ])('reads %s', (text, expected) => {
    expect(parseDatastorePath(text)).toEqual(expected);
  });

  it.each([
    '',
    '[nfs]',
    '[nfs] ',
    '[] a.iso',
    '[[x]] a.iso',
    '/',
    '../a.iso',
    '[nfs] iso/../../a.iso',
    '[nfs] a\ud800.iso',
    '[nfs] a\n.iso',
  ])('refuses %j', (text) => {
    expect(() => parseDatastorePath(text)).toThrow(/written as/);
  });

  it('reads what it wrote', () => {
    expect(parseDatastorePath(formatDatastorePath('a b', 'c/d.vmdk'))).toEqual({ datastore: 'a b', path: 'c/d.vmdk' });
  });
});
