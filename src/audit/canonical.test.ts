import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';

describe('canonicalJson', () => {
  it('gives back any JSON value from one line', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const line = canonicalJson(value);
        expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['line feed', '\n', '\\n'],
    ['escape', '\u001b[2J', '\\u001b[2J'],
    ['delete', '\u007f', '\\u007f'],
    ['C1 control sequence introducer', '\u009b31m', '\\u009b31m'],
    ['line separator', '\u2028', '\\u2028'],
    ['paragraph separator', '\u2029', '\\u2029'],
    ['right-to-left override', '\u202e', '\\u202e'],
    ['bidirectional isolate', '\u2066', '\\u2066'],
    ['zero-width space', '\u200b', '\\u200b'],
    ['byte order mark', '\ufeff', '\\ufeff'],
    ['soft hyphen', '\u00ad', '\\u00ad'],
    ['Hangul filler', '\u3164', '\\u3164'],
    ['tag character', '\u{e0041}', '\\udb40\\udc41'],
    ['lone surrogate', '\ud800', '\\ud800'],
  ])('writes out a %s', (_name, character, written) => {
    expect(canonicalJson(`a${character}b`)).toBe(`"a${written}b"`);
  });

  it('leaves the letters of every language as they are', () => {
    expect(canonicalJson('Zürich, 東京, Ωμέγα, 😀')).toBe('"Zürich, 東京, Ωμέγα, 😀"');
  });
});
