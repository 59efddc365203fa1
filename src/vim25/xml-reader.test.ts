import { describe, expect, it } from 'vitest';
import { createXmlReader, type XmlLimits } from './xml-reader.ts';

function events(xml: string | Uint8Array, limits?: XmlLimits): string[] {
  const seen: string[] = [];
  const reader = createXmlReader(
    {
      start: (name) => seen.push(`<${name}`),
      text: (text) => seen.push(text),
      end: () => seen.push('>'),
    },
    limits,
  );
  reader.write(typeof xml === 'string' ? Buffer.from(xml) : xml);
  reader.close();
  return seen;
}

const unreadable = expect.objectContaining({ name: 'ProtocolError', code: 'UNAVAILABLE' });

describe('XML of a server', () => {
  it('is three events, of names without prefixes', () => {
    expect(events('<?xml version="1.0" encoding="UTF-8"?><a:b xmlns:a="u">x<c/>&lt;y&gt;<!-- no --></a:b>')).toEqual([
      '<b',
      'x',
      '<c',
      '>',
      '<y>',
      '>',
    ]);
  });

  it.each([
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    [
      'a billion laughs',
      `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i || ''};`.repeat(10)}">`).join('')}]><a>&lol9;</a>`,
    ],
    ['an entity of its own', '<a>&nbsp;</a>'],
    ['a character that XML forbids', '<a>&#0;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['an element that is not closed', '<a><b></b>'],
    ['elements that cross', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['an attribute twice', '<a x="1" x="2"/>'],
    ['text around it', 'x<a/>'],
    ['nothing in it', ''],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
    ['no end', '<a>text'],
    ['half a tag', '<a><b'],
  ])('is refused with %s', (_, xml) => {
    expect(() => events(xml)).toThrow(unreadable);
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => events(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(unreadable);
    const cut = Buffer.from('<a>é</a>').subarray(0, 4);
    expect(() => events(cut)).toThrow(unreadable);
  });

  it('is refused when it is nested too deep, and not before', () => {
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(events(nested(128))).toHaveLength(256);
    expect(() => events(nested(129))).toThrow(unreadable);
    expect(() => events('<a>'.repeat(1_000_000))).toThrow(unreadable);
    expect(() => events(nested(4), { maxDepth: 3 })).toThrow(unreadable);
  });

  it('is refused when it is too large, and not before', () => {
    expect(events('<a>1234</a>', { maxBytes: 11 })).toEqual(['<a', '1234', '>']);
    expect(() => events('<a>12345</a>', { maxBytes: 11 })).toThrow(
      expect.objectContaining({ failure: 'too-large', code: 'UNAVAILABLE' }),
    );
  });

  it('lets an error of its reader through as it is', () => {
    const own = new Error('own');
    const reader = createXmlReader({
      start: () => {
        throw own;
      },
      text: () => undefined,
      end: () => undefined,
    });
    expect(() => reader.write(Buffer.from('<a/>'))).toThrow(own);
  });
});
