/** What happened in the last days: events and tasks, as people, DRS and guests leave them behind. */
import type { DataObjects, TaskInfo } from '../../../src/vim25/generated/types.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { ancestorsOf, datacenterName } from '../inventory/ancestry.ts';

type Vm = ManagedObject<'VirtualMachine'>;

interface Happening {
  readonly at: number;
  readonly post: (at: number) => void;
}

const HOUR_MS = 3_600_000;
const DAYS = 6;
const EVENTS = 320;
const TASKS = 24;
const PEOPLE = ['alice', 'bob', 'carol', 'dave'] as const;

/** Some hundred events of the last days, and the tasks of the last hours. Nothing of it changes the inventory. */
export function seedHistory(world: World): void {
  const { random, clock } = world;
  const vms = [...world.objects.all('VirtualMachine')].filter((vm) => vm.get('config')?.template === false);
  const start = clock.now() - DAYS * 24 * HOUR_MS;
  const ofVms = world.kind === 'vcenter' ? [reconfigured, rebooted, migrated, migrated] : [reconfigured, rebooted];
  const makers = [session, session, ...(vms.length > 0 ? ofVms : [])];
  const happenings: Happening[] = Array.from({ length: EVENTS }, () => ({
    at: start + random.next() * (DAYS * 24 - 1) * HOUR_MS,
    post: random.pick(makers)(world, vms),
  }));
  for (const vm of vms) {
    const { bootTime, powerState } = vm.get('runtime');
    const at = bootTime === undefined ? 0 : Date.parse(bootTime);
    if (powerState === 'poweredOn' && at > start) happenings.push({ at, post: poweredOn(world, vm) });
  }
  for (const host of world.objects.all('HostSystem')) {
    if (!host.get('runtime').inMaintenanceMode) continue;
    happenings.push({ at: clock.now() - 30 * HOUR_MS, post: maintained(world, host) });
  }
  happenings.sort((a, b) => a.at - b.at);
  for (const { at, post } of happenings) post(Math.floor(at));
  if (vms.length > 0) seedTasks(world, vms);
}

function person({ random, kind }: World): string {
  return kind === 'vcenter' ? `CORP\\${random.pick(PEOPLE)}` : 'root';
}

function where(world: World, vm: Vm): string {
  const host = world.objects.find(vm.get('runtime').host)?.read('name');
  return `${vm.get('name')} on ${host} in ${datacenterName(vm, world.objects)}`;
}

function session(world: World): Happening['post'] {
  const user = person(world);
  const ipAddress = `10.0.5.${world.random.between(10, 60)}`;
  const sessionId = world.random.uuid();
  const login = world.random.next() < 0.5;
  return (at) => {
    if (login) {
      world.events.post('UserLoginSessionEvent', {
        user,
        at,
        message: `User ${user}@${ipAddress} logged in as govc/0.50.0`,
        fields: { ipAddress, userAgent: 'govc/0.50.0', locale: 'en', sessionId },
      });
      return;
    }
    world.events.post('UserLogoutSessionEvent', {
      user,
      at,
      message: `User ${user}@${ipAddress} logged out (login time: ${new Date(at - HOUR_MS).toISOString()}, number of API invocations: 12, user agent: govc/0.50.0)`,
      fields: {
        ipAddress,
        userAgent: 'govc/0.50.0',
        callCount: 12,
        sessionId,
        loginTime: new Date(at - HOUR_MS).toISOString(),
      },
    });
  };
}

function reconfigured(world: World, vms: readonly Vm[]): Happening['post'] {
  const vm = world.random.pick(vms);
  const fields = { template: false, configSpec: { annotation: vm.get('config')?.annotation ?? '' } };
  return vmEvent(world, 'VmReconfiguredEvent', vm, { user: person(world), sentence: 'Reconfigured {vm}', fields });
}

function rebooted(world: World, vms: readonly Vm[]): Happening['post'] {
  const vm = world.random.pick(vms);
  return vmEvent(world, 'VmGuestRebootEvent', vm, { user: person(world), sentence: 'Guest OS reboot for {vm}' });
}

function poweredOn(world: World, vm: Vm): Happening['post'] {
  return vmEvent(world, 'VmPoweredOnEvent', vm, { user: person(world), sentence: '{vm} is powered on' });
}

/** DRS moves VMs between the hosts of a cluster; it has come and gone since, and the VM is where it was. */
function migrated(world: World, vms: readonly Vm[]): Happening['post'] {
  const vm = world.random.pick(vms);
  const host = world.objects.find(vm.get('runtime').host)?.as('HostSystem');
  const cluster = world.objects.find(host?.get('parent'))?.as('ClusterComputeResource');
  const others = (cluster?.get('host') ?? []).filter(({ value }) => value !== host?.id);
  if (!host || !cluster || others.length === 0) return session(world);
  const source = world.objects.get<'HostSystem'>(world.random.pick(others));
  const fields = {
    template: false,
    sourceHost: { host: source.ref, name: source.get('name') },
    sourceDatacenter: datacenterArgument(world, vm),
    sourceDatastore: datastoreArgument(world, vm),
  };
  const sentence = `DRS migrated ${vm.get('name')} from ${source.get('name')} to ${host.get('name')} in cluster ${cluster.get('name')} in ${datacenterName(vm, world.objects)}`;
  return vmEvent(world, 'DrsVmMigratedEvent', vm, { user: '', sentence, fields });
}

function datacenterArgument({ objects }: World, vm: Vm) {
  const found = [...ancestorsOf(vm, objects)].find(({ ref }) => ref.type === 'Datacenter');
  return found && { datacenter: found.ref, name: String(found.read('name')) };
}

function datastoreArgument({ objects }: World, vm: Vm) {
  const datastore = objects.find(vm.get('datastore')[0])?.as('Datastore');
  return datastore && { datastore: datastore.ref, name: datastore.get('name') };
}

function maintained(world: World, host: ManagedObject<'HostSystem'>): Happening['post'] {
  const user = person(world);
  const message = `Host ${host.get('name')} in ${datacenterName(host, world.objects)} has entered maintenance mode`;
  return (at) => {
    world.events.post('EnteredMaintenanceModeEvent', { user, at, entity: host, message });
  };
}

function vmEvent<T extends Extract<keyof DataObjects, `${string}Event`>>(
  world: World,
  $type: T,
  vm: Vm,
  { user, sentence, fields = { template: false } }: { user: string; sentence: string; fields?: object },
): Happening['post'] {
  const message = sentence.replace('{vm}', where(world, vm));
  return (at) => {
    world.events.post($type, { user, at, entity: vm, message, fields });
  };
}

const TASK_KINDS = [
  ['ReconfigVM_Task', 'VirtualMachine.reconfigure'],
  ['PowerOnVM_Task', 'VirtualMachine.powerOn'],
  ['CreateSnapshot_Task', 'VirtualMachine.createSnapshot'],
  ['RemoveSnapshot_Task', 'vm.Snapshot.remove'],
  ['Rename_Task', 'VirtualMachine.rename'],
] as const;

/** The tasks of the last hours, one of which failed. */
function seedTasks(world: World, vms: readonly Vm[]): void {
  const { clock, random, tasks } = world;
  const times = Array.from({ length: TASKS }, () => clock.now() - random.next() * 20 * HOUR_MS).sort((a, b) => a - b);
  for (const [index, at] of times.entries()) {
    const vm = random.pick(vms);
    const [name, descriptionId] = random.pick(TASK_KINDS);
    const failed = index % 11 === 5;
    const error: Pick<TaskInfo, 'error'> = {
      error: { fault: { $type: 'Timedout' }, localizedMessage: 'Operation timed out.' },
    };
    const time = (ms: number) => new Date(Math.floor(at + ms)).toISOString();
    tasks.remember({
      name,
      descriptionId,
      entity: vm.ref,
      entityName: vm.get('name'),
      state: failed ? 'error' : 'success',
      cancelled: false,
      cancelable: false,
      reason: { $type: 'TaskReasonUser', userName: person(world) } as TaskInfo['reason'],
      queueTime: time(0),
      startTime: time(40),
      completeTime: time(40 + random.between(300, 9_000)),
      ...(failed && error),
    });
  }
}
