/** HttpNfcLease, and the two ways to one: VirtualMachine.ExportVm and ResourcePool.ImportVApp. */
import { invalidArgument, objectNotFound, VimFault } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import { type MethodTable, requires } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { exportVm } from './export.ts';
import { importVm } from './import.ts';
import { canceled, type Lease, leaseOf } from './lease.ts';

const CHECKSUM_TYPES: ReadonlySet<string> = new Set(['sha1', 'sha256', 'sha512']);

export const leaseMethods: MethodTable = {
  HttpNfcLeaseProgress: ({ world, self, request: { percent } }) => {
    if (!(percent >= 0 && percent <= 100)) throw invalidArgument('percent');
    held(world, self).report(percent);
  },
  HttpNfcLeaseComplete: ({ world, self }) => held(world, self).complete(),
  HttpNfcLeaseAbort: ({ world, self, request: { fault } }) => {
    const cause = fault && new VimFault(fault.fault as { readonly $type: string }, fault.localizedMessage ?? '');
    held(world, self).abort(cause ?? canceled());
  },
  HttpNfcLeaseGetManifest: ({ world, self }) => {
    const { devices, manifest } = held(world, self);
    return devices.flatMap(({ key }) => manifest.get(key) ?? []);
  },
  HttpNfcLeaseSetManifestChecksumType: ({ world, self, request: { deviceUrlsToChecksumTypes = [] } }) => {
    const { devices, checksumTypes } = held(world, self);
    for (const { key, value } of deviceUrlsToChecksumTypes) {
      if (!devices.some((device) => device.key === key) || !CHECKSUM_TYPES.has(value.toLowerCase())) {
        throw invalidArgument('deviceUrlsToChecksumTypes');
      }
      checksumTypes.set(key, value.toLowerCase());
    }
  },
};

function held(world: World, self: AnyObject): Lease {
  const lease = leaseOf(world, self);
  if (!lease) throw objectNotFound(self.ref);
  return lease;
}

export const exportMethods: MethodTable = { ExportVm: requires('VApp.Export', exportVm) };
export const importMethods: MethodTable = { ImportVApp: requires('VApp.Import', importVm) };
