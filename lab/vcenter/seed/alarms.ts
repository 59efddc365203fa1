/** Alarms that are raised when the lab begins: a few that people would have seen today. */
import { hashOf } from '../core/hash.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

const HOUR_MS = 3_600_000;
/** On every so manieth VM, and on no more than that many in all. */
const EVERY = 25;
const MOST = 12;

export function seedAlarms(world: World): void {
  const { objects, alarms, clock } = world;
  const ago = (entity: AnyObject) => clock.now() - Math.round(HOUR_MS * (0.2 + 20 * hashOf(entity.id, 11)));
  let count = 0;
  let index = 0;
  for (const vm of objects.all('VirtualMachine')) {
    if (vm.get('runtime').powerState !== 'poweredOn' || index++ % EVERY !== EVERY - 1 || count === MOST) continue;
    const [name, status] = count % 2 === 0 ? (['vmMemory', 'yellow'] as const) : (['vmCpu', 'red'] as const);
    alarms.set(name, vm, status, ago(vm));
    count++;
  }
  const [host] = objects.all('HostSystem');
  if (host) {
    alarms.set('hostMemory', host, 'yellow', ago(host));
    const [alarm] = alarms.watching(host).filter((each) => alarms.stateOf(each, host).overallStatus === 'yellow');
    if (alarm) alarms.acknowledge(alarm, host, 'VSPHERE.LOCAL\\Administrator');
  }
}
