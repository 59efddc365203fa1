/** Counters that are kept for each part of an object, too: a CPU, a disk, a network adapter, a datastore. */
import type { VirtualDisk, VirtualSCSIController } from '../../../src/vim25/generated/types.ts';
import { hashOf } from '../core/hash.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { devicesOf, disksIn } from '../vm/devices.ts';
import { nicsOf } from '../vm/nics.ts';
import type { Counter } from './counters.ts';

/** Of these there is a value for the whole object; of virtual disks and datastores for the parts only. */
const WHOLE: ReadonlySet<string> = new Set(['cpu', 'mem', 'disk', 'net', 'sys', 'power', 'clusterServices', 'vmop']);
const PER_CPU = /^cpu\.(usage|usagemhz|used|ready|idle|wait|run|costop|utilization|coreUtilization)\./;

/** The instances of a counter on an object; the empty one is the object as a whole. */
export function instancesOf(world: World, entity: AnyObject, { group, name }: Counter): string[] {
  const whole = WHOLE.has(group) || entity.ref.type === 'Datastore' ? [''] : [];
  return [...whole, ...partsOf(world, entity, group, name)];
}

function partsOf(world: World, entity: AnyObject, group: string, name: string): string[] {
  const vm = entity.as('VirtualMachine');
  const host = entity.as('HostSystem');
  if (!vm && !host) return [];
  switch (group) {
    case 'cpu': {
      if (!PER_CPU.test(name)) return [];
      const count = vm?.get('config')?.hardware.numCPU ?? host?.get('hardware')?.cpuInfo.numCpuThreads ?? 0;
      return Array.from({ length: count }, (_, index) => String(index));
    }
    case 'net':
      if (vm) return nicsOf(vm).map(({ key }) => String(key));
      return (host?.get('config')?.network?.pnic ?? []).map(({ device }) => device);
    case 'virtualDisk':
      return vm ? disksIn(devicesOf(vm)).map((disk) => placeOf(disk, devicesOf(vm))) : [];
    case 'datastore':
      return (vm?.get('datastore') ?? host?.get('datastore') ?? []).flatMap((ref) => {
        const url = world.objects.find(ref)?.as('Datastore')?.get('summary').url;
        return url?.replace(/\/$/, '').split('/').at(-1) ?? [];
      });
    default:
      return [];
  }
}

/** `scsi0:1` */
function placeOf({ controllerKey, unitNumber }: VirtualDisk, devices: readonly { readonly key: number }[]): string {
  const controller = devices.find(({ key }) => key === controllerKey) as VirtualSCSIController | undefined;
  const word = /IDE|SATA|AHCI|NVME/i.exec(controller?.$type ?? '')?.[0]?.toLowerCase() ?? 'scsi';
  return `${word === 'ahci' ? 'sata' : word}${controller?.busNumber ?? 0}:${unitNumber ?? 0}`;
}

/** What of the whole is a part's: parts are unlike each other, and their sum (or mean) is the whole. */
export function shareOf(counter: Counter, entity: AnyObject, instance: string, all: readonly string[]): number {
  if (instance === '') return 1;
  const parts = all.filter((each) => each !== '');
  const weight = (part: string) => 0.5 + hashOf(`${entity.id}/${part}`, 51);
  const total = parts.reduce((sum, part) => sum + weight(part), 0);
  const share = weight(instance) / total;
  // A percentage or a latency of a part is one of the part, no slice of the whole.
  const isLevel = counter.info.unitInfo.key === 'percent' || /Latency/.test(counter.name);
  return isLevel ? share * parts.length : share;
}
