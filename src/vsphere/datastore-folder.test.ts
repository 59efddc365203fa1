import { describe, expect, it } from 'vitest';
import { folderPath } from './datastore-folder.ts';

describe('folderPath', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['.', ''],
    ['iso', 'iso'],
    ['/iso/', 'iso'],
    ['iso//linux/./a', 'iso/linux/a'],
    ['a..b/...', 'a..b/...'],
    ['café [1]', 'café [1]'],
  ])('reads %o as %o', (text, path) => {
    expect(folderPath(text)).toBe(path);
  });

  it.each(['..', '../etc', 'iso/../..', '/..', '[other] iso', 'a\\b', 'a\nb', 'a\u0000'])('refuses %o', (text) => {
    expect(() => folderPath(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
