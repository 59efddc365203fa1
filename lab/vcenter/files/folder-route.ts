/**
 * `/folder/PATH?dcPath=…&dsName=…`: the files of datastores by GET, HEAD, PUT and DELETE.
 *
 * Nothing is answered without a login: by the cookie of a session, by a ticket for this very request, or by name and
 * password. A path leads nowhere but into the datastore that it names.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { VimFault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import { isAllowed } from '../core/privileges.ts';
import { SESSION_COOKIE, type Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import type { Exchange, Route } from '../http/server.ts';
import { inventoryPath } from '../inventory/ancestry.ts';
import { datastoreNamed } from '../inventory/datastore-names.ts';
import { parseRange, readoutOf } from './content.ts';
import { PRIVILEGE } from './file-manager.ts';
import { refuseInUse } from './in-use.ts';
import { type Line, listingPage } from './listing.ts';
import { datacenterAt, existing, isReadOnly, type Located, located, parseDatastorePath } from './locate.ts';
import { isGone, receive, TooLargeError } from './receive.ts';
import { redeemTicket, TICKET_COOKIE } from './tickets.ts';
import type { FileEntry } from './tree.ts';

/** An answer other than success. */
class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const STATUS_OF_FAULT: Readonly<Record<string, number>> = {
  FileNotFound: 404,
  InvalidDatastore: 404,
  InvalidDatastorePath: 400,
  InaccessibleDatastore: 503,
  NoDiskSpace: 507,
  NoPermission: 403,
  FileLocked: 500,
  FileAlreadyExists: 500,
  CannotDeleteFile: 500,
};

export function folderRoute(world: World): Route {
  return async (exchange) => {
    const { request, response } = exchange;
    try {
      const session = whoAsks(world, exchange);
      if (!session) {
        response.setHeader('www-authenticate', 'Basic realm="VMware HTTP server"');
        throw new HttpError(401, 'Authentication is required.');
      }
      await answer(world, session, exchange);
    } catch (error) {
      const [status, message] = statusOf(error);
      // What the client still sends is read and thrown away, or it never comes to read the answer.
      request.resume();
      if (!isGone(error) && !response.headersSent) send(response, status, 'text/plain; charset=utf-8', `${message}\n`);
      else response.destroy();
    }
  };
}

function statusOf(error: unknown): [status: number, message: string] {
  if (error instanceof HttpError) return [error.status, error.message];
  if (error instanceof TooLargeError) return [507, 'Insufficient disk space on the datastore.'];
  if (error instanceof VimFault) return [STATUS_OF_FAULT[error.fault.$type] ?? 500, error.message];
  if (isGone(error)) return [499, 'The client has gone.'];
  throw error;
}

function whoAsks(world: World, { request, url, cookies }: Exchange): Session | undefined {
  const session = world.sessions.loggedIn(cookies.get(SESSION_COOKIE));
  if (session) return session;
  const method = request.method ?? 'GET';
  const ticket = redeemTicket(world, cookies.get(TICKET_COOKIE) ?? undefined, { method, url });
  if (ticket) return ticket;
  const basic = /^Basic ([\w+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const [user = '', ...password] = Buffer.from(basic, 'base64').toString().split(':');
  const own = world.sessions.open(undefined, request.headers['user-agent'] ?? '');
  try {
    return world.sessions.logIn(own, user, password.join(':'));
  } catch {
    world.sessions.end(own);
    return undefined;
  }
}

async function answer(world: World, session: Session, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange;
  const dcPath = url.searchParams.get('dcPath');
  const dsName = url.searchParams.get('dsName');
  const path = decodePath(url.pathname.slice('/folder'.length));
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads && request.method !== 'PUT' && request.method !== 'DELETE') {
    response.setHeader('allow', 'GET, HEAD, PUT, DELETE');
    throw new HttpError(405, 'Method not allowed.');
  }
  if (dcPath === null && world.kind === 'vcenter') {
    if (!reads || /[^/]/.test(path)) throw new HttpError(400, 'dcPath is missing.');
    sendPage(exchange, 'Datacenters', datacenterLines(world));
    return;
  }
  const datacenter = datacenterAt(world, dcPath ?? 'ha-datacenter');
  if (!datacenter) throw new HttpError(404, 'The datacenter was not found.');
  if (dsName === null) {
    if (!reads || /[^/]/.test(path)) throw new HttpError(400, 'dsName is missing.');
    sendPage(exchange, String(datacenter.get('name')), datastoreLines(world, datacenter), '/folder');
    return;
  }
  const datastore = datastoreNamed(world.objects, datacenter.ref, dsName);
  if (!datastore) throw new HttpError(404, 'The datastore was not found.');
  const target = located(world, datastore, parseDatastorePath(`[${dsName}] ${path}`).path);
  if (reads) {
    need(session, 'Datastore.Browse', datastore);
    await download(exchange, target);
    return;
  }
  need(session, PRIVILEGE, datastore);
  if (target.path === '') throw new HttpError(403, 'This is the root of the datastore.');
  if (isReadOnly(datastore)) throw new HttpError(403, 'The datastore is mounted read-only.');
  if (request.method === 'PUT') await upload(world, exchange, target);
  else erase(world, exchange, target);
}

function need(session: Session, privilege: string, object: AnyObject): void {
  if (!isAllowed(session, privilege)) throw new HttpError(403, `${privilege} on ${object.id} is missing.`);
}

async function download(exchange: Exchange, target: Located): Promise<void> {
  const { request, response, url } = exchange;
  const entry = existing(target);
  if (entry.kind === 'folder') {
    const title = `Index of ${target.text.trimEnd()}`;
    const up = target.path === '' ? `/folder?${withoutDatastore(url)}` : hrefOf(url, parentOf(target.path));
    sendPage(exchange, title, fileLines(url, target), up);
    return;
  }
  const { size, read } = readoutOf(entry);
  const range = parseRange(request.headers.range, size);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('last-modified', new Date(entry.modified).toUTCString());
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${size}`);
    throw new HttpError(416, 'The range is not satisfiable.');
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  request.resume();
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(read(start, end)), response);
}

async function upload(world: World, { request, response, url }: Exchange, target: Located): Promise<void> {
  const { files, path } = target;
  const before = files.stat(path);
  if (before?.kind === 'folder') throw new HttpError(403, 'This is a folder.');
  if (files.stat(parentOf(path))?.kind !== 'folder') throw new HttpError(404, 'The folder was not found.');
  if (before) refuseInUse(world, target);
  const room = () => files.freeBytes() + (before?.size ?? 0);
  if (Number(request.headers['content-length'] ?? 0) > room()) throw new TooLargeError();
  const { size, sha256, bytes } = await receive(request, { maxBytes: room, mayKeep: world.files.mayKeep });
  files.write(path, { size, sha256, ...(bytes && { bytes }) });
  if (before) response.writeHead(200).end();
  else response.writeHead(201, { location: `${url.pathname}${url.search}` }).end();
}

function erase(world: World, { request, response }: Exchange, target: Located): void {
  existing(target);
  refuseInUse(world, target);
  target.files.remove(target.path);
  request.resume();
  response.writeHead(204).end();
}

function datacenterLines({ objects }: World): Line[] {
  return [...objects.all('Datacenter')].map((datacenter) => {
    const path = inventoryPath(datacenter, objects).slice(1);
    return { name: path, href: `/folder?dcPath=${encodeURIComponent(path)}` };
  });
}

function datastoreLines({ objects }: World, datacenter: ManagedObject<'Datacenter'>): Line[] {
  const dcPath = encodeURIComponent(inventoryPath(datacenter, objects).slice(1));
  return datacenter.get('datastore').map((ref) => {
    const name = String(objects.get<'Datastore'>(ref).get('name'));
    return { name, href: `/folder?dcPath=${dcPath}&dsName=${encodeURIComponent(name)}` };
  });
}

function fileLines(url: URL, { files, path }: Located): Line[] {
  const order = (entry: FileEntry) => `${entry.kind === 'folder' ? 0 : 1}${entry.name}`;
  return files
    .list(path)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((entry) => {
      const { kind, name, modified } = entry;
      const below = path === '' ? name : `${path}/${name}`;
      return kind === 'folder'
        ? { name: `${name}/`, href: hrefOf(url, below), modified }
        : { name, href: hrefOf(url, below), modified, size: readoutOf(entry).size };
    });
}

function hrefOf(url: URL, path: string): string {
  return `/folder/${path.split('/').map(encodeURIComponent).join('/')}${url.search}`;
}

function withoutDatastore(url: URL): string {
  const parameters = new URLSearchParams(url.search);
  parameters.delete('dsName');
  return parameters.toString();
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpError(400, 'The path is not well encoded.');
  }
}

function sendPage({ request, response }: Exchange, title: string, lines: readonly Line[], parent?: string): void {
  request.resume();
  send(response, 200, 'text/html; charset=utf-8', listingPage(title, lines, parent));
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
}
