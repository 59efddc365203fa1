import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tar } from '../../test/support/ova.ts';
import { type ByteSource, readBytes } from './byte-source.ts';
import { readArchive } from './ova-archive.ts';

/** Counts what is read, so that a test can tell that content was skipped. */
function sourceOf(bytes: Buffer, read = { bytes: 0 }): ByteSource {
  return {
    name: 'a.ova',
    size: bytes.length,
    async *read(start, length) {
      read.bytes += length;
      yield bytes.subarray(start, start + length);
    },
  };
}
const text = (value: string) => Buffer.from(value);
const refusal = (bytes: Buffer) =>
  readArchive(sourceOf(bytes)).then(
    () => 'taken',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );

describe('readArchive', () => {
  it('finds the files, and reads headers only', async () => {
    const read = { bytes: 0 };
    const source = sourceOf(
      tar([
        { name: './a.ovf', data: text('first') },
        { name: 'folder/', data: text(''), type: '5' },
        { name: 'disk.vmdk', data: Buffer.alloc(100_000, 7) },
      ]),
      read,
    );
    const files = await readArchive(source);
    expect([...files].map(([name, { size }]) => [name, size])).toEqual([
      ['a.ovf', 5],
      ['disk.vmdk', 100_000],
    ]);
    expect(read.bytes).toBe(4 * 512);
    expect((await readBytes(files.get('a.ovf')!, 0, 5)).toString()).toBe('first');
  });

  it("takes GNU's long names, and pax's paths and sizes", async () => {
    const long = `${'x'.repeat(150)}.vmdk`;
    const record = (value: string) => {
      const length = (digits: number) => Buffer.byteLength(value) + 2 + digits;
      return `${length(length(2) > 99 ? 3 : 2)} ${value}\n`;
    };
    const files = await readArchive(
      sourceOf(
        tar([
          { name: '././@LongLink', data: text(`${long}\0`), type: 'L' },
          { name: 'short', data: text('gnu') },
          {
            name: 'pax',
            data: text(record('mtime=1.512') + record('path=named by päx.ovf') + record('size=4')),
            type: 'x',
          },
          { name: 'other', data: text('text'), size: 0 },
        ]),
      ),
    );
    expect([...files].map(([name, { size }]) => [name, size])).toEqual([
      [long, 3],
      ['named by päx.ovf', 4],
    ]);
  });

  it.each<[string, Buffer, RegExp]>([
    ['that is empty', Buffer.alloc(0), /no file/],
    ['of zeros', Buffer.alloc(2048), /no file/],
    ['that is none', Buffer.alloc(4096, 0x41), /no tar archive/],
    ['that is compressed', gzipSync(Buffer.alloc(1_000_000)), /gzip/],
    ['whose names leave it', tar([{ name: '../../etc/passwd', data: text('x') }]), /leads out/],
    ['with an absolute name', tar([{ name: '/etc/passwd', data: text('x') }]), /leads out/],
    ['with a name of another system', tar([{ name: 'C:\\x', data: text('x') }]), /leads out/],
    ['with a name that turns its direction', tar([{ name: 'a\u202eb', data: text('x') }]), /leads out/],
    ['that says it is longer than it is', tar([{ name: 'a', data: text('x'), size: 1e9 }]), /cut off/],
    ['that has a name twice', tar([1, 2].map(() => ({ name: 'a', data: text('x') }))), /twice/],
    [
      'with thousands of entries',
      tar(Array.from({ length: 5000 }, (_, index) => ({ name: `f${index}`, data: text('') }))),
      /more than 512/,
    ],
    ['with an endless name', tar([{ name: 'l', data: Buffer.alloc(100_000, 0x61), type: 'L' }]), /too long/],
    ['with sparse files', tar([{ name: 'a', data: text('x'), type: 'S' }]), /sparse/],
    ['with pax records that lie', tar([{ name: 'p', data: text('99 path=a\n'), type: 'x' }]), /damaged/],
  ])('refuses an archive %s', async (_, bytes, why) => {
    const said = await refusal(bytes);
    expect(said).toMatch(/^INVALID_INPUT /);
    expect(said).toMatch(why);
  });

  it('refuses a header whose checksum is wrong', async () => {
    const bytes = tar([
      { name: 'a', data: text('x') },
      { name: 'b', data: text('y') },
    ]);
    bytes[1024 + 5] = 0x7a;
    expect(await refusal(bytes)).toMatch(/damaged/);
  });

  it('follows no link', async () => {
    const files = await readArchive(
      sourceOf(
        tar([
          { name: 'link.ovf', data: text(''), type: '2' },
          { name: 'a', data: text('x') },
        ]),
      ),
    );
    expect([...files.keys()]).toEqual(['a']);
  });
});
