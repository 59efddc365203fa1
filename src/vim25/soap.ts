/** SOAP 1.1 envelopes: https://www.w3.org/TR/2000/NOTE-SOAP-20000508/ */
import { createDecoder, type Decoder, type ItemStream } from './decode.ts';
import { encodeRequest } from './encode.ts';
import { ProtocolError } from './errors.ts';
import { faultFromWire, type SoapFault } from './faults.ts';
import { type DataType, methodType } from './schema.ts';
import { createXmlReader, type XmlLimits, type XmlReader } from './xml-reader.ts';
import { escapeXml } from './xml-text.ts';

const NAMESPACES =
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** The request's envelope; `operationId` appears in vCenter's logs and tasks. */
export function requestEnvelope(method: string, request: object, operationId: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope ${NAMESPACES}>` +
    `<soapenv:Header><operationID>${escapeXml(operationId)}</operationID></soapenv:Header>` +
    `<soapenv:Body>${encodeRequest(method, request)}</soapenv:Body></soapenv:Envelope>`
  );
}

export interface ResponseReader extends XmlReader {
  /** What the method returned, after `close`. Errors: the fault that was answered; `ProtocolError`. */
  result(): unknown;
}

const FAULT_TYPE: DataType = {
  name: 'Fault',
  base: undefined,
  fields: [],
  byName: new Map(
    ['faultcode:string', 'faultstring:string', 'detail:any'].map((row) => {
      const [name, type] = row.split(':') as [string, string];
      return [name, { name, type, array: false, optional: true }];
    }),
  ),
};

/** Reads the answer to `method` as it arrives. */
export function createResponseReader(method: string, limits: XmlLimits = {}, stream?: ItemStream): ResponseReader {
  const { response } = methodType(method);
  const responseType: DataType = {
    name: `${method}Response`,
    base: undefined,
    fields: response ? [response] : [],
    byName: new Map(response ? [[response.name, response]] : []),
  };
  let depth = 0;
  let inBody = false;
  let isFault = false;
  let payload: Decoder | undefined;

  const reader = createXmlReader(
    {
      start(name, attributes) {
        depth++;
        if (depth === 1 && name !== 'Envelope') throw new ProtocolError('it is not a SOAP envelope');
        if (depth === 2) inBody = name === 'Body';
        if (!inBody || depth < 3) return;
        if (depth === 3) {
          if (payload) throw new ProtocolError('its SOAP body has more than one element');
          isFault = name === 'Fault';
          payload = createDecoder(isFault ? FAULT_TYPE : responseType, isFault ? undefined : stream);
        }
        payload?.start(name, attributes);
      },
      text(text) {
        if (inBody && depth >= 3) payload?.text(text);
      },
      end() {
        if (inBody && depth >= 3) payload?.end();
        depth--;
      },
    },
    limits,
  );

  return {
    ...reader,
    result() {
      if (!payload) throw new ProtocolError('its SOAP body is empty');
      if (isFault) throw faultOf(payload);
      const { returnval } = payload.result() as { returnval?: unknown };
      return returnval === undefined && response?.array ? [] : returnval;
    },
  };
}

function faultOf(payload: Decoder): SoapFault {
  return faultFromWire(payload.result() as Parameters<typeof faultFromWire>[0]);
}
