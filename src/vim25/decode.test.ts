import { describe, expect, it } from 'vitest';
import { isA } from './data-object.ts';
import { createDecoder, type ItemStream } from './decode.ts';
import { dataType } from './schema.ts';
import { UNKNOWN_FIELDS } from './unknown-fields.ts';
import { createXmlReader } from './xml-reader.ts';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

function decode(type: string | undefined, xml: string, stream?: ItemStream, chunkSize = 7): unknown {
  const decoder = createDecoder(type === undefined ? undefined : dataType(type), stream);
  const reader = createXmlReader(decoder);
  const bytes = Buffer.from(xml);
  for (let i = 0; i < bytes.length; i += chunkSize) reader.write(bytes.subarray(i, i + chunkSize));
  reader.close();
  return decoder.result();
}

/** The value of a property of no declared type. */
const property = (attributes: string, content: string) =>
  (decode('DynamicProperty', `<p ${XSI}><name>n</name><val ${attributes}>${content}</val></p>`) as { val?: unknown })
    .val;

describe('an answer', () => {
  it('is typed by the schema', () => {
    const hardware = decode(
      'VirtualHardware',
      `<h ${XSI}><numCPU>2</numCPU><memoryMB>4096</memoryMB><virtualICH7MPresent>true</virtualICH7MPresent>` +
        '<device xsi:type="VirtualDisk"><key>2000</key><capacityInKB>1024</capacityInKB></device></h>',
    );
    expect(hardware).toEqual({
      $type: 'VirtualHardware',
      numCPU: 2,
      memoryMB: 4096,
      virtualICH7MPresent: true,
      device: [{ $type: 'VirtualDisk', key: 2000, capacityInKB: 1024 }],
    });
  });

  it.each(['xsi', 'XMLSchema-instance', '_XMLSchema-instance', 'q1'])('is typed also under the prefix %s', (prefix) => {
    const xml = `<p><name>n</name><val xmlns:${prefix}="http://www.w3.org/2001/XMLSchema-instance" ${prefix}:type="xsd:int">7</val></p>`;
    expect(decode('DynamicProperty', xml)).toEqual({ $type: 'DynamicProperty', name: 'n', val: 7 });
  });

  it('has references with their type, also where the type is said twice', () => {
    expect(property('type="HostSystem" xsi:type="ManagedObjectReference"', 'host-1')).toEqual({
      type: 'HostSystem',
      value: 'host-1',
    });
  });

  it('has arrays where the type says so, of none, one and many', () => {
    expect(property('xsi:type="ArrayOfString"', '')).toEqual([]);
    expect(property('xsi:type="ArrayOfString"', '<string>a</string>')).toEqual(['a']);
    expect(property('xsi:type="ArrayOfInt"', '<int>1</int><int>2</int>')).toEqual([1, 2]);
    expect(
      property(
        'xsi:type="ArrayOfManagedObjectReference"',
        '<ManagedObjectReference type="Datastore">d</ManagedObjectReference>',
      ),
    ).toEqual([{ type: 'Datastore', value: 'd' }]);
    expect(
      property(
        'xsi:type="ArrayOfVirtualDevice"',
        '<VirtualDevice xsi:type="VirtualCdrom"><key>1</key></VirtualDevice>',
      ),
    ).toEqual([{ $type: 'VirtualCdrom', key: 1 }]);
    expect(property('xsi:type="ArrayOfManagedEntityStatus"', '<ManagedEntityStatus>red</ManagedEntityStatus>')).toEqual(
      ['red'],
    );
  });

  it('keeps elements that the type does not have, and names them', () => {
    const about = decode(
      'AboutInfo',
      '<a><name>vCenter</name><novelty><depth>1</depth></novelty><twice>a</twice><twice>b</twice></a>',
    );
    expect(about).toMatchObject({ name: 'vCenter', novelty: { depth: '1' }, twice: ['a', 'b'] });
    expect((about as { [UNKNOWN_FIELDS]?: string[] })[UNKNOWN_FIELDS]).toEqual(['novelty', 'twice', 'twice']);
  });

  it('reads a subclass that the tables lack by the fields of the declared type', () => {
    const spec = decode(
      'VirtualDeviceConfigSpec',
      `<s ${XSI}><device xsi:type="VirtualQuantumDisk"><key>5</key><qubits>3</qubits></device></s>`,
    ) as { device: unknown };
    expect(spec.device).toEqual({ $type: 'VirtualQuantumDisk', key: 5, qubits: '3', [UNKNOWN_FIELDS]: ['qubits'] });
    expect(isA(spec.device, 'VirtualDisk')).toBe(false);
  });

  it('keeps values of a type that nobody knows', () => {
    expect(property('xsi:type="Novelty"', '<a>1</a><b><c>x</c></b>')).toEqual({
      $type: 'Novelty',
      a: '1',
      b: { c: 'x' },
    });
    expect(property('xsi:type="Novelty"', '')).toEqual({ $type: 'Novelty' });
    expect(property('xsi:type="ArrayOfNovelty"', '<Novelty><a>1</a></Novelty>')).toEqual([
      { $type: 'Novelty', a: '1' },
    ]);
    expect(property('', 'text')).toBe('text');
  });

  it('takes an enum value that nobody knows, and an empty one', () => {
    expect(property('xsi:type="VirtualMachinePowerState"', 'hovering')).toBe('hovering');
    expect(property('xsi:type="VirtualMachinePowerState"', '')).toBe('');
  });

  it.each([
    ['xsd:long', '9007199254740991', 9007199254740991],
    ['xsd:long', '9223372036854775807', 9223372036854775807n],
    ['xsd:long', '-1', -1],
    ['xsd:unsignedInt', '4294967295', 4294967295],
    ['xsd:double', '1.5e3', 1500],
    ['xsd:double', '-INF', Number.NEGATIVE_INFINITY],
    ['xsd:boolean', '1', true],
    ['xsd:boolean', ' false ', false],
    ['xsd:dateTime', '2024-02-29T23:59:59.123456Z', '2024-02-29T23:59:59.123456Z'],
    ['xsd:string', ' as it is ', ' as it is '],
    ['xsd:string', '', ''],
    ['xsd:anyURI', 'ds:///vmfs/', 'ds:///vmfs/'],
  ])('reads %s %j exactly', (type, text, value) => {
    expect(property(`xsi:type="${type}"`, text)).toBe(value);
  });

  it('reads base64 as bytes', () => {
    expect(property('xsi:type="xsd:base64Binary"', 'aGVs\nbG8=')).toEqual(Buffer.from('hello'));
  });

  it.each(['', 'seven', '1.5', '0x', '1e999', '--1'])('has no value where %j is said to be a whole number', (text) => {
    expect(property('xsi:type="xsd:int"', text)).toBeUndefined();
  });

  it('has no value where it is nil', () => {
    expect(property('xsi:nil="true" xsi:type="xsd:string"', '')).toBeUndefined();
  });

  it('cannot reach a prototype', () => {
    const object = decode(
      'AboutInfo',
      '<a><__proto__><polluted>1</polluted></__proto__><constructor>c</constructor><toString>t</toString></a>',
    );
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(object).not.toHaveProperty('polluted');
    expect(Object.entries(object as object)).toContainEqual(['constructor', 'c']);
    expect(Object.entries(object as object)).toContainEqual(['toString', 't']);
    expect(property('xsi:type="constructor"', '<a>1</a>')).toEqual({ $type: 'constructor', a: '1' });
  });

  it('gives the objects of a list one by one, and does not keep them', () => {
    const given: unknown[] = [];
    const object = (id: number) => `<objects><obj type="VirtualMachine">vm-${id}</obj></objects>`;
    const result = decode('RetrieveResult', `<r><token>7</token>${object(1)}${object(2)}</r>`, {
      type: 'RetrieveResult',
      field: 'objects',
      each: (item) => given.push(item),
    });
    expect(given).toHaveLength(2);
    expect(given[1]).toEqual({ $type: 'ObjectContent', obj: { type: 'VirtualMachine', value: 'vm-2' } });
    expect(result).toEqual({ $type: 'RetrieveResult', token: '7' });
  });

  it('is the same however it is cut into pieces', () => {
    const xml = `<p ${XSI}><name>Zürich 東京 😀 &amp; &#128512; <![CDATA[<raw>]]></name><val xsi:type="xsd:int">12</val></p>`;
    for (const size of [1, 2, 3, 5, 1000]) {
      expect(decode('DynamicProperty', xml, undefined, size)).toMatchObject({
        name: 'Zürich 東京 😀 & 😀 <raw>',
        val: 12,
      });
    }
  });
});
