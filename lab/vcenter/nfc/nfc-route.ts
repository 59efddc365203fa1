/**
 * `/nfc/TOKEN/FILE`: the disks of a lease, out by GET and in by PUT or POST.
 *
 * Who knows the token may transfer, as long as the lease is ready: it is in the lease's URLs only.
 */
import { createHash, type Hash } from 'node:crypto';
import type { VirtualDisk } from '../../../src/vim25/generated/types.ts';
import { VimFault } from '../core/faults.ts';
import type { World } from '../core/world.ts';
import { isGone, receive, TooLargeError } from '../files/receive.ts';
import type { Exchange, Route } from '../http/server.ts';
import { diskBacking, disksOf } from '../vm/vm-files.ts';
import { contentOf } from './devices.ts';
import { type Lease, type LeasedDevice, leaseByToken } from './lease.ts';
import { decodeVmdk, encodeVmdk } from './vmdk.ts';
import { readHeader, SECTOR } from './vmdk-layout.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const WRITES: ReadonlySet<string> = new Set(['PUT', 'POST']);

export function nfcRoute(world: World): Route {
  return async (exchange) => {
    const { request, response, url } = exchange;
    const [, , token = '', name = ''] = url.pathname.split('/');
    const lease = leaseByToken(world, token);
    const device = lease?.devices.find(({ fileName }) => encodeURIComponent(fileName) === name);
    const allowed = lease?.mode === 'export' ? READS : WRITES;
    if (!lease || !device) {
      request.resume();
      response.writeHead(404).end();
    } else if (!allowed.has(request.method ?? '')) {
      request.resume();
      response.writeHead(405, { allow: [...allowed].join(', ') }).end();
    } else if (lease.mode === 'export') {
      await send(world, exchange, lease, device);
    } else {
      await take(world, exchange, lease, device);
    }
  };
}

async function send(world: World, { request, response }: Exchange, lease: Lease, device: LeasedDevice): Promise<void> {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/x-vnd.vmware-streamVmdk' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const raw = contentOf(world, diskOf(world, device));
  const capacity = device.capacityKb! * 1024;
  const type = lease.checksumTypes.get(device.key) ?? 'sha1';
  const sha1 = createHash('sha1');
  const checksum: Hash = createHash(type);
  let size = 0;
  for await (const piece of encodeVmdk(device.fileName, capacity, raw)) {
    if (response.destroyed || !lease.isReady()) {
      response.destroy();
      return;
    }
    size += piece.length;
    sha1.update(piece);
    checksum.update(piece);
    if (!response.write(piece)) await drained(response);
  }
  lease.manifest.set(device.key, {
    key: device.key,
    sha1: sha1.digest('hex'),
    checksum: checksum.digest('hex'),
    checksumType: type,
    size,
    disk: true,
    capacity,
    populatedSize: raw?.length ?? 0,
  });
  response.end();
}

function drained(response: Exchange['response']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function diskOf({ objects }: World, { target, key }: LeasedDevice): VirtualDisk {
  const vm = objects.get<'VirtualMachine'>({ type: 'VirtualMachine', value: key.split('/')[1]! });
  return disksOf(vm.get('config')?.hardware.device).find((disk) => diskBacking(disk).fileName === target.text)!;
}

async function take(world: World, { request, response }: Exchange, lease: Lease, device: LeasedDevice): Promise<void> {
  const refuse = (status: number, message: string) => {
    request.resume();
    if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`);
  };
  const { files, path } = device.target;
  const before = files.stat(path);
  const room = () => files.freeBytes() + (before?.size ?? 0);
  try {
    const { size, bytes, head } = await receive(request, { maxBytes: room, mayKeep: world.files.mayKeep });
    if (device.capacityKb === undefined) {
      if (!lease.isReady()) return refuse(404, 'The lease has ended.');
      files.write(path, { size, ...(bytes && { bytes }) });
      response.writeHead(201).end();
      return;
    }
    const capacity = device.capacityKb * 1024;
    const header = readHeader(head);
    if (!header) return refuse(500, 'The file is not a supported disk format.');
    if (header.capacitySectors * SECTOR > device.capacityKb! * 1024)
      return refuse(500, 'The file is larger than the disk.');
    const raw = bytes && decodeVmdk(bytes, world.files.mayKeep);
    if (!lease.isReady()) return refuse(404, 'The lease has ended.');
    const { disk } = before ?? {};
    files.write(path, {
      size: disk?.thin === false ? capacity : Math.min(capacity, raw?.length ?? size),
      ...(raw && { bytes: raw }),
      ...(disk && { disk }),
    });
    response.writeHead(201).end();
  } catch (error) {
    if (error instanceof TooLargeError) return refuse(507, 'Insufficient disk space on the datastore.');
    if (error instanceof VimFault) return refuse(500, error.message);
    if (isGone(error)) return void response.destroy();
    throw error;
  }
}
