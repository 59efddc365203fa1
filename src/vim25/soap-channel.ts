/** One SOAP call over HTTP, without a thought about sessions or repetition: those are decorators on `Send`. */
import type { CookieJar } from './cookie-jar.ts';
import type { ItemStream } from './decode.ts';
import { unexpectedStatus } from './errors.ts';
import { createResponseReader, requestEnvelope } from './soap.ts';
import type { HttpResponse, Transport } from './transport.ts';
import type { XmlLimits } from './xml-reader.ts';

export interface SoapCall {
  readonly method: string;
  readonly request: object;
  readonly operationId: string;
  readonly signal?: AbortSignal | undefined;
  readonly longPoll?: boolean | undefined;
  /** Takes the objects of a RetrieveResult as they arrive. */
  readonly stream?: ItemStream | undefined;
}

/** Carries out a call and resolves with what the method returned. */
export type Send = (call: SoapCall) => Promise<unknown>;
/** The same within a session. */
export type SendWith = (call: SoapCall, jar: CookieJar) => Promise<unknown>;

interface Options {
  readonly transport: Transport;
  readonly path: string;
  /** The API version that was agreed on. */
  readonly version: () => string;
  readonly limits?: XmlLimits | undefined;
}

export function createSoapChannel({ transport, path, version, limits }: Options): SendWith {
  return ({ method, request, operationId, signal, longPoll, stream }, jar) =>
    transport.send(
      {
        method: 'POST',
        path,
        headers: {
          ...jar.headers(),
          'content-type': 'text/xml; charset=utf-8',
          soapaction: `"urn:vim25/${version()}"`,
        },
        body: requestEnvelope(method, request, operationId),
        signal,
        longPoll,
      },
      async (response) => {
        jar.take(response.headers['set-cookie']);
        refuseNoSoap(response);
        const reader = createResponseReader(method, limits, stream);
        for await (const chunk of response.body) reader.write(chunk as Uint8Array);
        reader.close();
        return reader.result();
      },
    );
}

/** SOAP over HTTP answers with 200 or, for a fault, 500. */
function refuseNoSoap({ statusCode }: HttpResponse): void {
  if (statusCode !== 200 && statusCode !== 500) throw unexpectedStatus(statusCode);
}
