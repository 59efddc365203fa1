import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../lib/errors.ts';
import { createResponseReader, requestEnvelope } from './soap.ts';

const ENVELOPE =
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
const body = (content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${ENVELOPE}><soapenv:Header><x>1</x></soapenv:Header><soapenv:Body>${content}</soapenv:Body></soapenv:Envelope>`;
const fault = (detail: string) =>
  body(
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Said so.</faultstring>${detail}</soapenv:Fault>`,
  );

function answer(method: string, xml: string | Uint8Array): unknown {
  const reader = createResponseReader(method);
  reader.write(typeof xml === 'string' ? Buffer.from(xml) : xml);
  reader.close();
  return reader.result();
}

function failure(method: string, xml: string): unknown {
  try {
    return answer(method, xml);
  } catch (error) {
    return error;
  }
}

describe('a SOAP answer', () => {
  it('is what the method returns', () => {
    const xml =
      '<PowerOnVM_TaskResponse xmlns="urn:vim25"><returnval type="Task">task-1</returnval></PowerOnVM_TaskResponse>';
    expect(answer('PowerOnVM_Task', body(xml))).toEqual({ type: 'Task', value: 'task-1' });
  });

  it('is nothing where the method returns nothing, or nothing this time', () => {
    expect(answer('Logout', body('<LogoutResponse xmlns="urn:vim25"/>'))).toBeUndefined();
    expect(answer('FindByInventoryPath', body('<FindByInventoryPathResponse/>'))).toBeUndefined();
  });

  it('is an array where the method returns many, also of none', () => {
    expect(answer('FindAllByIp', body('<FindAllByIpResponse/>'))).toEqual([]);
    const one = '<FindAllByIpResponse><returnval type="VirtualMachine">vm-1</returnval></FindAllByIpResponse>';
    expect(answer('FindAllByIp', body(one))).toEqual([{ type: 'VirtualMachine', value: 'vm-1' }]);
  });

  it('is a fault of the class that its detail has', () => {
    const detail =
      '<detail><InvalidPowerStateFault xmlns="urn:vim25" xsi:type="InvalidPowerState">' +
      '<requestedState>poweredOn</requestedState><existingState>poweredOff</existingState></InvalidPowerStateFault></detail>';
    expect(failure('PowerOnVM_Task', fault(detail))).toMatchObject({
      name: 'SoapFault',
      code: 'INVALID_STATE',
      faultType: 'InvalidPowerState',
      faultMessage: 'Said so.',
      message: 'The VM is powered off; it would have to be powered on.',
      detail: { existingState: 'poweredOff' },
    });
  });

  it('is a fault of the class that its element names where the type is left out', () => {
    expect(failure('Login', fault('<detail><InvalidLoginFault/></detail>'))).toMatchObject({
      faultType: 'InvalidLogin',
    });
  });

  it('is a fault also of a class that nobody knows, without a detail, and of nothing', () => {
    expect(failure('Login', fault('<detail><OddFault xsi:type="Odd"><a>1</a></OddFault></detail>'))).toMatchObject({
      code: 'VSPHERE_FAULT',
      faultType: 'Odd',
      message: 'Odd: Said so.',
      detail: { a: '1' },
    });
    expect(failure('Login', fault(''))).toMatchObject({ faultType: 'ServerFaultCode' });
    expect(failure('Login', body('<soapenv:Fault/>'))).toMatchObject({ faultType: 'UnknownFault' });
  });

  it.each([
    ['no envelope', '<html><body>Bad Gateway</body></html>'],
    ['an empty body', body('')],
    ['no body', `<soapenv:Envelope ${ENVELOPE}/>`],
    ['two answers', body('<LogoutResponse/><LogoutResponse/>')],
  ])('is no answer with %s', (_, xml) => {
    expect(failure('Logout', xml)).toMatchObject({ name: 'ProtocolError', maybeExecuted: true });
  });
});

describe('a SOAP request', () => {
  it('says its operation id in the header', () => {
    const xml = requestEnvelope('Logout', { _this: { type: 'SessionManager', value: 'SessionManager' } }, 'op<1>');
    expect(xml).toContain('<soapenv:Header><operationID>op&lt;1&gt;</operationID></soapenv:Header>');
    expect(xml).toContain(
      '<soapenv:Body><Logout xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this></Logout>',
    );
  });
});

describe('10,000 malformed answers', () => {
  const valid = Buffer.from(
    body(
      '<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><token>1</token><objects><obj type="VirtualMachine">vm-1</obj>' +
        '<propSet><name>a</name><val xsi:type="xsd:int">1</val></propSet><propSet><name>b</name><val xsi:type="ArrayOfVirtualDevice">' +
        '<VirtualDevice xsi:type="VirtualDisk"><key>1</key></VirtualDevice></val></propSet><missingSet><path>c</path><fault><fault ' +
        'xsi:type="NoPermission"><privilegeId>System.Read</privilegeId></fault><localizedMessage/></fault></missingSet></objects>' +
        '</returnval></RetrievePropertiesExResponse>',
    ),
  );
  /** Every defect is a typed error or a value; anything else would be a crash. */
  const survives = (bytes: Uint8Array) => {
    try {
      answer('RetrievePropertiesEx', bytes);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
    }
  };

  it('of bytes changed, cut and doubled, end in a value or a typed error', () => {
    const edit = fc.record({ at: fc.nat(valid.length), remove: fc.nat(40), insert: fc.uint8Array({ maxLength: 12 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes = valid;
        for (const { at, remove, insert } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
        }
        survives(bytes);
      }),
      { numRuns: 6000 },
    );
  });

  it('of well-formed XML in the wrong places, end in a value or a typed error', () => {
    const name = fc.constantFrom(
      'returnval',
      'objects',
      'obj',
      'propSet',
      'val',
      'Fault',
      'detail',
      'Body',
      '__proto__',
      'token',
      'x',
    );
    const type = fc.constantFrom(
      '',
      'xsd:int',
      'ArrayOfInt',
      'ArrayOf',
      'ArrayOfArrayOfInt',
      'VirtualDisk',
      'MethodFault',
      'Nobody',
      'xsd:',
      'a:b:c',
    );
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.string({ maxLength: 10 }).map((text) => text.replace(/[<&\]>]|[^\P{C}]/gu, '')),
        fc
          .tuple(name, type, fc.array(tie('tree'), { maxLength: 4 }))
          .map(
            ([element, said, children]) =>
              `<${element}${said === '' ? '' : ` xsi:type="${said}"`}>${children.join('')}</${element}>`,
          ),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (content, wrapped) => {
        const payload = wrapped ? `<RetrievePropertiesExResponse>${content}</RetrievePropertiesExResponse>` : content;
        survives(Buffer.from(body(payload)));
      }),
      { numRuns: 4000 },
    );
  });
});
