/** A file on a datastore as a source of bytes, over the server's `/folder`. */
import { GatewayError } from '../lib/errors.ts';
import { type ByteSource, exactly } from './byte-source.ts';
import { type DatastorePlace, datastorePathOf } from './datastore-file.ts';
import { folderUrl } from './datastore-transfer.ts';
import { ObjectNotFoundError } from './errors.ts';
import { quoted } from './names.ts';
import type { VsphereCall } from './vsphere.ts';

/** Undefined where there is no such file. Errors: PERMISSION_DENIED, VSPHERE_FAULT; those of the transfer. */
export async function findDatastoreBytes(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
): Promise<ByteSource | undefined> {
  const { transfer, signal } = vsphere;
  const name = datastorePathOf(place, path);
  const url = folderUrl(place, path);
  const size = await transfer.onServer(url, { method: 'HEAD', signal }, async ({ statusCode, headers, body }) => {
    await body.dump();
    if (statusCode === 404) return undefined;
    requireStatus(statusCode, [200], name);
    const length = headers['content-length'];
    if (typeof length === 'string' && /^\d{1,15}$/.test(length)) return Number(length);
    throw new GatewayError('UNAVAILABLE', `The server does not tell the size of ${quoted(name)}.`);
  });
  if (size === undefined) return undefined;
  return {
    name,
    size,
    async *read(start, length) {
      if (length === 0) return;
      const whole = start === 0 && length === size;
      const headers: Record<string, string> = whole ? {} : { range: `bytes=${start}-${start + length - 1}` };
      const body = bodyOf((consume) =>
        transfer.onServer(url, { method: 'GET', signal, headers }, async (response) => {
          requireStatus(response.statusCode, whole ? [200, 206] : [206], name);
          await consume(response.body);
        }),
      );
      yield* exactly(body, length, quoted(name));
    },
  };
}

/** Errors: NOT_FOUND; as above. */
export async function openDatastoreBytes(
  vsphere: VsphereCall,
  place: DatastorePlace,
  path: string,
): Promise<ByteSource> {
  const found = await findDatastoreBytes(vsphere, place, path);
  if (found !== undefined) return found;
  throw new ObjectNotFoundError(`There is no file ${quoted(datastorePathOf(place, path))}.`);
}

type Request = (consume: (body: AsyncIterable<Uint8Array>) => Promise<void>) => Promise<void>;

/** The body of an answer, while the request that it belongs to stays open; giving up the iteration ends the request. */
async function* bodyOf(request: Request): AsyncGenerator<Uint8Array> {
  let finish: (failure?: { readonly error: unknown }) => void = () => {};
  const finished = new Promise<{ readonly error: unknown } | undefined>((resolve) => {
    finish = resolve;
  });
  let done: Promise<void> = Promise.resolve();
  const body = await new Promise<AsyncIterable<Uint8Array>>((resolve, reject) => {
    done = request(async (given) => {
      resolve(given);
      const failure = await finished;
      if (failure) throw failure.error;
    });
    done.catch(reject);
  });
  try {
    yield* body;
  } catch (error) {
    finish({ error });
  } finally {
    finish();
  }
  // What the connection failed with is told by the request, in words.
  await done;
}

export function requireStatus(status: number, expected: readonly number[], name: string): void {
  if (expected.includes(status)) return;
  if (status === 401 || status === 403) {
    throw new GatewayError('PERMISSION_DENIED', `vSphere does not let the service account transfer ${quoted(name)}.`);
  }
  if (status === 507) throw new GatewayError('INVALID_STATE', `There is not enough space for ${quoted(name)}.`);
  throw new GatewayError('VSPHERE_FAULT', `vSphere answered with HTTP ${status} for ${quoted(name)}.`);
}
