import { describe, expect, it } from 'vitest';
import { readOvfDescriptor } from './ovf-descriptor.ts';

const envelope = (inner: string, head = '') =>
  `<?xml version="1.0"?>${head}<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2">${inner}</ovf:Envelope>`;
const SYSTEM = '<ovf:VirtualSystem ovf:id="vm1"><ovf:Info/></ovf:VirtualSystem>';

describe('readOvfDescriptor', () => {
  it('takes any prefix, and names what is not named by its id', () => {
    expect(readOvfDescriptor(envelope(SYSTEM))).toMatchObject({ name: 'vm1', networks: [], disks: [], files: [] });
  });

  it('tells a capacity that a property gives', () => {
    const disks = `<ovf:DiskSection><ovf:Disk ovf:diskId="d" ovf:capacity="\${size}"/></ovf:DiskSection>`;
    expect(readOvfDescriptor(envelope(disks + SYSTEM)).disks).toEqual([
      { diskId: 'd', capacity: `\${size}`, units: 'byte' },
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['no XML', 'hello', /not well-formed/],
    ['nothing', '', /not well-formed|no OVF envelope|no VM/],
    ['another document', '<html/>', /no OVF envelope/],
    ['entities', envelope(SYSTEM, '<!DOCTYPE x [<!ENTITY a "b">]>'), /DOCTYPE/],
    ['elements without end', envelope('<a/>'.repeat(100_001)), /more than 100000 elements/],
    ['endless nesting', envelope('<a>'.repeat(500)), /nested/],
    ['no VM', envelope(''), /no VM/],
    ['two VMs', envelope(SYSTEM + SYSTEM), /several/],
    ['a vApp', envelope('<ovf:VirtualSystemCollection/>'), /vApp/],
    [
      'more networks than anybody has',
      envelope(`<ovf:NetworkSection>${'<ovf:Network ovf:name="n"/>'.repeat(2000)}</ovf:NetworkSection>${SYSTEM}`),
      /more than 1024/,
    ],
  ])('refuses %s', (_, xml, why) => {
    expect(() => readOvfDescriptor(xml)).toThrow(why);
    expect(() => readOvfDescriptor(xml)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
