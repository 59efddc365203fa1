/** SOAP envelopes as a server reads and writes them. */
import { createDecoder, type Decoder } from '../../../src/vim25/decode.ts';
import { type DataType, dataType, type Field, type MethodType, methodType } from '../../../src/vim25/schema.ts';
import { createXmlReader } from '../../../src/vim25/xml-reader.ts';
import { escapeXml } from '../../../src/vim25/xml-text.ts';
import { encodeField, encodeFields } from './encode.ts';
import type { VimFault } from './faults.ts';

export interface SoapRequest {
  /** `PowerOnVM_Task` */
  readonly method: string;
  /** Undefined for a method that the tables lack: its fields are then read by their looks. */
  readonly type: MethodType | undefined;
  readonly request: Readonly<Record<string, unknown>>;
  readonly operationId: string | undefined;
}

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" ' +
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>';
const TAIL = '</soapenv:Body></soapenv:Envelope>';

const THIS: Field = { name: '_this', type: 'ref', array: false, optional: false };

/** The request of a method that the tables lack: what every request has. */
const UNDESCRIBED: DataType = { name: '', base: undefined, fields: [THIS], byName: new Map([[THIS.name, THIS]]) };

/** Errors: any that the XML reader has, for what is no SOAP request. */
export function readRequest(body: Uint8Array): SoapRequest {
  let depth = 0;
  let part = '';
  let method = '';
  let type: MethodType | undefined;
  let payload: Decoder | undefined;
  let header = '';
  let operationId: string | undefined;
  const reader = createXmlReader({
    start(name, attributes) {
      depth++;
      if (depth === 2) part = name;
      if (depth === 3 && part === 'Header') header = name;
      if (depth < 3 || part !== 'Body') return;
      if (depth === 3) {
        method = name;
        type = methodTypeOf(name);
        payload = createDecoder(type?.request ?? UNDESCRIBED);
      }
      payload?.start(name, attributes);
    },
    text(text) {
      if (part === 'Header' && depth === 3 && header === 'operationID') operationId = (operationId ?? '') + text;
      if (part === 'Body' && depth >= 3) payload?.text(text);
    },
    end() {
      if (part === 'Body' && depth >= 3) payload?.end();
      depth--;
    },
  });
  reader.write(body);
  reader.close();
  const request = payload?.result();
  if (typeof request !== 'object' || request === null) throw new TypeError('there is no method in the SOAP body');
  return { method, type, request: request as Readonly<Record<string, unknown>>, operationId };
}

function methodTypeOf(name: string): MethodType | undefined {
  try {
    return methodType(name);
  } catch {
    return undefined;
  }
}

export function writeAnswer({ method, type }: SoapRequest, result: unknown): string {
  let xml = '';
  if (type?.response && result !== undefined) {
    const { response } = type;
    if (response.array) for (const item of result as readonly unknown[]) xml += encodeField(response, item);
    else xml = encodeField(response, result);
  }
  return writeResponse(method, xml);
}

/** For what the tables do not describe: `xml` is the whole content. */
export function writeResponse(method: string, xml: string): string {
  return `${HEAD}<${method}Response xmlns="urn:vim25">${xml}</${method}Response>${TAIL}`;
}

export function writeFault({ fault, message }: VimFault): string {
  const type: DataType | undefined = dataType(fault.$type);
  const name = fault.$type;
  const detail = type
    ? `<${name}Fault xmlns="urn:vim25" xsi:type="${name}">${encodeFields(type, fault)}</${name}Fault>`
    : '';
  return (
    `${HEAD}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(message)}</faultstring>` +
    `<detail>${detail}</detail></soapenv:Fault>${TAIL}`
  );
}
