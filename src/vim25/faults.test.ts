import { describe, expect, it } from 'vitest';
import { describeFault, faultFromLocalized, isSoapFault, SoapFault } from './faults.ts';

describe('a fault', () => {
  it.each([
    ['NoPermission', 'PERMISSION_DENIED'],
    ['NotAuthenticated', 'UNAVAILABLE'],
    ['InvalidLogin', 'UNAVAILABLE'],
    ['ManagedObjectNotFound', 'NOT_FOUND'],
    ['InvalidPowerState', 'INVALID_STATE'],
    ['TaskInProgress', 'INVALID_STATE'],
    ['DuplicateName', 'INVALID_INPUT'],
    ['RestrictedVersion', 'UNSUPPORTED'],
    ['InsufficientMemoryResourcesFault', 'VSPHERE_FAULT'],
    ['SomethingNew', 'VSPHERE_FAULT'],
    ['toString', 'VSPHERE_FAULT'],
  ])('%s has the code %s', (type, code) => {
    expect(new SoapFault(type, '', undefined).code).toBe(code);
  });

  it('is known by its class and by the classes above it', () => {
    const fault = new SoapFault('NotAuthenticated', '', undefined);
    expect(isSoapFault(fault, 'NoPermission')).toBe(true);
    expect(isSoapFault(fault, 'InvalidLogin')).toBe(false);
    expect(isSoapFault(new Error('x'))).toBe(false);
  });

  it('that arrived as data is the same as one that was thrown', () => {
    const fault = faultFromLocalized({
      fault: { $type: 'DuplicateName', name: 'web' } as never,
      localizedMessage: 'The name is taken.',
    });
    expect(fault).toMatchObject({
      faultType: 'DuplicateName',
      faultMessage: 'The name is taken.',
      code: 'INVALID_INPUT',
    });
    expect(fault.message).toBe('The name "web" is taken already.');
  });
});

describe("a fault's sentence", () => {
  it('names the privilege that is missing and the object', () => {
    const detail = {
      privilegeId: 'VirtualMachine.Interact.PowerOn',
      object: { type: 'VirtualMachine', value: 'vm-1' },
    };
    expect(describeFault('NoPermission', '', detail)).toBe(
      "The gateway's vSphere account lacks the privilege VirtualMachine.Interact.PowerOn on vm-1.",
    );
  });

  it('names all privileges that a newer server says are missing', () => {
    const detail = {
      privilegeId: 'A.B',
      missingPrivileges: [{ privilegeIds: ['A.B', 'C.D'] }, null, { privilegeIds: 7 }],
    };
    expect(describeFault('NoPermission', '', detail)).toContain('privilege A.B, C.D.');
  });

  it('says what a free ESXi cannot do', () => {
    expect(describeFault('RestrictedVersion', 'x')).toContain('read-only API');
  });

  it.each([undefined, null, 'text', 7, [], { obj: 'x', name: 7, object: null, missingPrivileges: {} }])(
    'is a sentence also with the fields %j',
    (detail) => {
      for (const type of [
        'NoPermission',
        'DuplicateName',
        'ManagedObjectNotFound',
        'InvalidPowerState',
        'FileNotFound',
        'X',
      ]) {
        expect(describeFault(type, '', detail)).toMatch(/^[\p{L}\p{N}\p{P} ]{5,300}$/u);
      }
    },
  );

  it.each([
    ['control characters', 'a\u0000b\u001b[31mc\r\nd', 'Odd: a b [31mc d'],
    ['direction marks', 'a\u202egpj.exe\u2066b\u200bc', 'Odd: a gpj.exe b c'],
    ['half characters', 'a\ud800b', 'Odd: a b'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'Odd: a b c'],
  ])("carries vSphere's own text without %s", (_, said, sentence) => {
    expect(describeFault('Odd', said)).toBe(sentence);
  });

  it('is cut at 300 characters, whatever is said', () => {
    for (const type of ['Odd', 'InvalidState', 'NotSupported', 'X'.repeat(5000)]) {
      const sentence = describeFault(type, '😀'.repeat(100_000));
      expect(sentence.length).toBeLessThanOrEqual(300);
      expect(sentence.isWellFormed()).toBe(true);
    }
    expect(describeFault('DuplicateName', '', { name: 'n'.repeat(100_000) }).length).toBeLessThan(200);
  });
});
