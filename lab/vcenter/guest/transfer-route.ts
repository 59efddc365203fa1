/** `/guestFile`: files out of guests by GET, into guests by PUT. The token in the address is the only key. */
import type { World } from '../core/world.ts';
import { type Exchange, type Route, readBody } from '../http/server.ts';
import { GuestFileError } from './files/file-error.ts';
import type { Transfer } from './transfers.ts';

/** Bytes that a guest takes at once, whatever was said to come. */
const MAX_BYTES = 16 * 1024 * 1024;

export function guestFileRoute(world: World): Route {
  const { transfers } = world.guests;
  return async (exchange) => {
    const { request, response, url } = exchange;
    const id = url.searchParams.get('id') ?? '';
    const direction = { GET: 'from', PUT: 'to' }[request.method ?? ''];
    if (direction === undefined) return refuse(exchange, 405);
    const transfer = transfers.begin(id, url.searchParams.get('token') ?? '');
    if (!transfer) return refuse(exchange, 404);
    let succeeded = false;
    try {
      if (transfer.direction !== direction) return refuse(exchange, 400);
      if (direction === 'from') {
        const bytes = transfer.files.read(transfer.path);
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
        response.end(bytes);
      } else {
        const failure = await receive(exchange, transfer);
        if (failure !== undefined) return refuse(exchange, failure);
        response.writeHead(200, { 'content-length': 0 }).end();
      }
      succeeded = true;
    } catch (error) {
      // Who went away in the midst of it is told nothing.
      if (request.destroyed && !(error instanceof GuestFileError)) return;
      if (!(error instanceof GuestFileError)) throw error;
      refuse(exchange, 500);
    } finally {
      transfers.end(id, succeeded);
    }
  };
}

/** The status of what is wrong with it, if anything is. */
async function receive({ request }: Exchange, transfer: Transfer): Promise<number | undefined> {
  const { files, path, size, overwrite, attributes } = transfer;
  let bytes: Buffer;
  try {
    bytes = await readBody(request, Math.min(size, MAX_BYTES));
  } catch (error) {
    if (error instanceof RangeError) return 413;
    throw error;
  }
  if (bytes.length !== size) return 400;
  // Somebody may have made it since it was asked about.
  if (!overwrite && files.find(path)) return 409;
  files.write(path, bytes, { mode: attributes.mode ?? 0o644 });
  files.change(path, attributes);
  return undefined;
}

function refuse({ request, response }: Exchange, status: number): void {
  // What is still coming is not read.
  response.writeHead(status, { connection: 'close', 'content-length': 0 }).end(() => request.destroy());
}
