import { describe, expect, it } from 'vitest';
import { dataObject } from './data-object.ts';
import { createDecoder } from './decode.ts';
import { encodeRequest } from './encode.ts';
import { dataType } from './schema.ts';
import { createXmlReader } from './xml-reader.ts';

const vm = { type: 'VirtualMachine', value: 'vm-1' };
const reconfigure = (spec: object) => encodeRequest('ReconfigVM_Task', { _this: vm, spec });

describe('a request', () => {
  it('has its fields in the order of the schema, inherited ones first, whatever the order they are given in', () => {
    const disk = dataObject('VirtualDisk', {
      capacityInKB: 1024,
      unitNumber: 0,
      controllerKey: 1000,
      key: -1,
      backing: dataObject('VirtualDiskFlatVer2BackingInfo', {
        thinProvisioned: true,
        diskMode: 'persistent',
        fileName: '',
      }),
    });
    const xml = reconfigure({ deviceChange: [{ device: disk, operation: 'add' }], name: 'web' });
    expect(xml.match(/<(\w+)/g)?.map((tag) => tag.slice(1))).toEqual(
      // biome-ignore format: the order reads as one list
      ['ReconfigVM_Task', '_this', 'spec', 'name', 'deviceChange', 'operation', 'device', 'key', 'backing', 'fileName',
       'diskMode', 'thinProvisioned', 'controllerKey', 'unitNumber', 'capacityInKB'],
    );
  });

  it('names the type of a subclass, and only then', () => {
    const xml = reconfigure({
      deviceChange: [{ device: dataObject('VirtualE1000', { key: 4000 }) }],
      extraConfig: [{ $type: 'OptionValue', key: 'a', value: 'b' }],
    });
    expect(xml).toContain('<device xsi:type="VirtualE1000"><key>4000</key></device>');
    expect(xml).toContain('<extraConfig><key>a</key>');
  });

  it('says the type of a value that is declared without one', () => {
    const option = (value: unknown) => reconfigure({ extraConfig: [{ key: 'k', value }] });
    expect(option('text')).toContain('<value xsi:type="xsd:string">text</value>');
    expect(option(true)).toContain('<value xsi:type="xsd:boolean">true</value>');
    expect(option(7)).toContain('<value xsi:type="xsd:int">7</value>');
    expect(option(2 ** 40)).toContain('<value xsi:type="xsd:long">1099511627776</value>');
    expect(option(0.5)).toContain('<value xsi:type="xsd:double">0.5</value>');
    expect(option(Buffer.from('hi'))).toContain('<value xsi:type="xsd:base64Binary">aGk=</value>');
    expect(option({ $type: 'xsd:long', value: 7 })).toContain('<value xsi:type="xsd:long">7</value>');
    expect(option(vm)).toContain('<value xsi:type="ManagedObjectReference" type="VirtualMachine">vm-1</value>');
  });

  it('escapes what would be markup, also in the attribute of a reference', () => {
    expect(reconfigure({ name: `<b a="1">&'\r\n` })).toContain(
      "<name>&lt;b a=&quot;1&quot;&gt;&amp;'&#13;&#10;</name>",
    );
    const xml = encodeRequest('PowerOnVM_Task', { _this: { type: 'X" y="', value: '</_this>' } });
    expect(xml).toContain('<_this type="X&quot; y=&quot;">&lt;/_this&gt;</_this>');
  });

  it.each(['\u0000', '\u0008', '\u001b[31m', '\uffff', '\ud800', 'x\udc00'])(
    'refuses text that XML cannot carry: %j',
    (name) => {
      expect(() => reconfigure({ name })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    },
  );

  it.each([1.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d where a whole number of 32 bits belongs',
    (numCPUs) => {
      expect(() => reconfigure({ numCPUs })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    },
  );

  it('takes a bigint for a long, within 64 bits', () => {
    expect(reconfigure({ memoryMB: 2n ** 63n - 1n })).toContain('<memoryMB>9223372036854775807</memoryMB>');
    expect(() => reconfigure({ memoryMB: 2n ** 63n })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => reconfigure({ memoryMB: 2 ** 53 })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('leaves out what is undefined, and keeps empty text and false', () => {
    const xml = reconfigure({ name: undefined, annotation: '', cpuHotAddEnabled: false });
    expect(xml).toContain('<spec><annotation></annotation><cpuHotAddEnabled>false</cpuHotAddEnabled></spec>');
  });

  it.each([
    ['a field that is not there', { nmae: 'web' }],
    ['text for a number', { numCPUs: '2' }],
    ['one for many', { deviceChange: {} }],
    ['a type that does not fit', { files: { $type: 'VirtualDisk' } }],
    ['a type that is not there', { files: { $type: 'NoSuchType' } }],
    ['text for an object', { vAppConfig: 'x' }],
  ])('is a defect with %s', (_, spec) => {
    expect(() => reconfigure(spec)).toThrow(TypeError);
  });

  it('is a defect for a method that the tables lack', () => {
    expect(() => encodeRequest('toString', {})).toThrow(TypeError);
  });

  it('sends a decoded object back without what its type does not have', () => {
    const decoder = createDecoder(dataType('VirtualE1000'));
    const reader = createXmlReader(decoder);
    reader.write(Buffer.from('<device><key>4000</key><fromTheFuture>9</fromTheFuture></device>'));
    reader.close();
    const device = decoder.result() as { fromTheFuture: string };
    expect(device.fromTheFuture).toBe('9');
    expect(reconfigure({ deviceChange: [{ device: { ...device, unitNumber: 7 } }] })).toContain(
      '<device xsi:type="VirtualE1000"><key>4000</key><unitNumber>7</unitNumber></device>',
    );
  });
});
