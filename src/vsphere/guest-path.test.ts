import { describe, expect, it } from 'vitest';
import { guestBaseName, guestPath, joinGuestPath } from './guest-path.ts';

describe('a path in a guest', () => {
  it.each([
    ['posix', '/'],
    ['posix', '/var/log/a b:c?.log'],
    ['windows', 'C:\\'],
    ['windows', 'c:/Temp/100% & more.txt'],
    ['windows', '\\\\server\\share\\file'],
  ] as const)('on %s may be %s', (family, path) => {
    expect(guestPath(path, family)).toBe(path);
  });

  it.each([
    ['posix', ''],
    ['posix', 'etc/passwd'],
    ['posix', '~/x'],
    ['posix', '/a\0b'],
    ['posix', '/a\nb'],
    ['posix', 'C:\\Temp'],
    ['windows', '/etc'],
    ['windows', 'C:Temp'],
    ['windows', 'C:\\a.txt:stream'],
    ['windows', 'C:\\a|b'],
    ['windows', 'C:\\a"b'],
    ['windows', '\\\\server'],
    ['windows', 'C:\\a\u001ab'],
  ] as const)('on %s is not %j', (family, path) => {
    expect(() => guestPath(path, family)).toThrow(/full path/);
  });

  it('shows none of the characters that it was refused for', () => {
    expect(() => guestPath('a\u001b[31m\u202eb', 'posix')).toThrow(/^"a \[31m b"/);
  });
});

it('is joined and taken apart as the guest writes it', () => {
  expect(joinGuestPath('/tmp', 'a', 'posix')).toBe('/tmp/a');
  expect(joinGuestPath('C:\\', 'a', 'windows')).toBe('C:\\a');
  expect(guestBaseName('C:\\Temp\\a\\', 'windows')).toBe('a');
  expect(guestBaseName('/', 'posix')).toBe('');
});
