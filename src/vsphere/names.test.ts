import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeName, encodeName, formatPath, parsePath, quoted, shown } from './names.ts';

describe('names', () => {
  it('decodes the three escapes in either case and nothing else', () => {
    expect(decodeName('a%2fb%2Fc%5cd%5Ce%25f%20g%zz')).toBe('a/b/c\\d\\e%f%20g%zz');
  });

  it('decodes once: an escaped escape stays readable', () => {
    expect(decodeName('a%252fb')).toBe('a%2fb');
  });

  it('gives back any name after encoding and decoding', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => decodeName(encodeName(name)) === name));
  });

  it('escapes each of the three characters once, and nothing else', () => {
    expect(encodeName('50%/a\\b%2f ü"')).toBe('50%25%2fa%5cb%252f ü"');
  });

  it('gives back the names of any shown path', () => {
    const segment = fc.string({ unit: 'binary', minLength: 1 });
    const tricky = fc.stringMatching(/^[%25fFcC/\\]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.oneof(segment, tricky), { minLength: 1, maxLength: 5 }), (names) => {
        expect(parsePath(formatPath(names))).toEqual(names);
      }),
    );
  });

  it('shows a slash inside a name as an escape, other characters as they are', () => {
    expect(formatPath(['DC0', 'vm', 'a/b', '100%', 'c\\d'])).toBe('/DC0/vm/a%2fb/100%/c\\d');
  });

  it('drops control and direction-changing characters from what is quoted, and cuts it', () => {
    expect(quoted('web\u0000\u001b[31m\u202e01\n')).toBe('"web [31m 01"');
    expect(shown('x'.repeat(1000)).length).toBeLessThan(130);
  });
});
