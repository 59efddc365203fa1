/** Files that the server itself serves, under the session of the API. */

import type { CookieJar } from './cookie-jar.ts';
import { TransportError } from './errors.ts';
import type { Transport } from './transport.ts';
import { tooLarge } from './xml-reader.ts';

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface FetchedFile {
  readonly contentType: string | undefined;
  readonly content: Uint8Array;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** Reads a file whole. `path` stays on the server's own origin, so that the cookie goes nowhere else. */
export function fetchFile(
  transport: Transport,
  jar: CookieJar,
  path: string,
  { signal, maxBytes = MAX_BYTES }: FetchOptions = {},
): Promise<FetchedFile> {
  if (!path.startsWith('/') || path.startsWith('//')) throw new TypeError('the path has to begin with one slash');
  return transport.send(
    { method: 'GET', path, headers: jar.headers(), signal },
    async ({ statusCode, headers, body }) => {
      if (statusCode !== 200) {
        await body.dump();
        const message =
          statusCode === 404
            ? 'The vSphere server has no such file (HTTP 404).'
            : `The vSphere server answered the request for a file with HTTP ${statusCode}.`;
        throw new TransportError('refused', message, { maybeExecuted: false });
      }
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        bytes += (chunk as Uint8Array).byteLength;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        chunks.push(chunk as Uint8Array);
      }
      const type = headers['content-type'];
      return { contentType: typeof type === 'string' ? type : undefined, content: Buffer.concat(chunks) };
    },
  );
}
