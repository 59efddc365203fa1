/** What is wrong with an OVF package, as OvfManager lists it. The lab tells no line numbers. */
import { fault, type VimFault } from '../core/faults.ts';

const LINE = { lineNumber: 0 };

export function xmlFormat(description: string): VimFault {
  return fault('OvfXmlFormat', { ...LINE, description }, `Line 0: The OVF descriptor is not valid: ${description}`);
}

export function missingElement(name: string): VimFault {
  return fault('OvfMissingElement', { ...LINE, name }, `Missing element '${name}'.`);
}

export function missingAttribute(elementName: string, attributeName: string): VimFault {
  return fault(
    'OvfMissingAttribute',
    { ...LINE, elementName, attributeName },
    `Missing required attribute '${attributeName}' on element '${elementName}'.`,
  );
}

export function invalidValue(elementName: string, attributeName: string, value: string): VimFault {
  return fault(
    'OvfInvalidValue',
    { ...LINE, elementName, attributeName, value },
    `Invalid value '${value}' for element '${elementName}'.`,
  );
}

export function unsupportedType(name: string, instanceId: string, deviceType: number): VimFault {
  return fault(
    'OvfUnsupportedType',
    { ...LINE, name, instanceId, deviceType },
    `Unsupported hardware device '${name}' (instance ${instanceId}, type ${deviceType}).`,
  );
}

export function noHardwareFamily(version: string): VimFault {
  return fault(
    'OvfNoSupportedHardwareFamily',
    { ...LINE, version },
    `No supported hardware versions among [${version}].`,
  );
}

export function unsupportedPackage(message: string): VimFault {
  return fault('OvfUnsupportedPackage', LINE, message);
}

export function invalidVmName(name: string): VimFault {
  return fault('OvfInvalidVmName', { ...LINE, name }, `Invalid virtual machine name: '${name}'.`);
}

export function propertyValue(type: string, value: string): VimFault {
  return fault('OvfPropertyValue', { ...LINE, type, value }, `The property value '${value}' is not of type '${type}'.`);
}

export function mappedOs(ovfId: number, ovfDescription: string, targetDescription: string): VimFault {
  return fault(
    'OvfMappedOsId',
    { ovfId, ovfDescription, targetDescription },
    `The specified operating system identifier '${ovfDescription}' (id: ${ovfId}) is mapped to '${targetDescription}'.`,
  );
}
