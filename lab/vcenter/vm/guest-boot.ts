/**
 * What VMware Tools tell of a guest while it starts and after it has stopped. A guest needs some steps until its
 * Tools run and one more until it has an address; with steps of no length it is there at once.
 */
import type { GuestInfo } from '../../../src/vim25/generated/types.ts';
import type { World } from '../core/world.ts';
import { runningGuest, silentGuest, type ToolsState } from './guest-info.ts';
import { networkNameOf, nicsOf } from './nics.ts';
import type { Vm } from './subject.ts';

const STEPS_TO_TOOLS = 2;

/** Of a VM: its present boot, of which an earlier one changes nothing any more, and how its guest calls itself. */
interface Life {
  boot: object;
  hostName?: string;
}

const lives = new WeakMap<Vm, Life>();

function lifeOf(vm: Vm): Life {
  const known = lives.get(vm) ?? { boot: {} };
  lives.set(vm, known);
  return known;
}

/** @param resumed the guest goes on where it was: its Tools answer at once */
export function bootGuest(world: World, vm: Vm, { resumed }: { readonly resumed: boolean }): void {
  const boot = {};
  lifeOf(vm).boot = boot;
  const { stepMs } = world.tasks;
  if (stepMs === 0 || resumed) {
    vm.set({ guest: talkingGuest(world, vm) });
    return;
  }
  vm.set({ guest: silentGuest(vm.get('config')!, { tools: toolsOf(vm), running: true }) });
  const stillThat = () => lifeOf(vm).boot === boot && world.objects.find(vm.ref) === vm;
  void (async () => {
    for (let step = 0; step < STEPS_TO_TOOLS; step++) await world.clock.sleep(stepMs);
    if (!stillThat()) return;
    const { ipAddress: _, net: __, ipStack: ___, ...withoutAddress } = talkingGuest(world, vm);
    vm.set({ guest: withoutAddress });
    await world.clock.sleep(stepMs);
    if (stillThat()) vm.set({ guest: talkingGuest(world, vm) });
  })();
}

/** After power off or suspension: nothing more is heard of the guest. */
export function stopGuest(vm: Vm): void {
  const life = lifeOf(vm);
  life.boot = {};
  const hostName = vm.get('guest')?.hostName;
  if (hostName !== undefined) life.hostName = hostName;
  const config = vm.get('config');
  if (config) vm.set({ guest: silentGuest(config, { tools: toolsOf(vm) }) });
}

/** Cards were plugged in, out or elsewhere: a running guest tells its addresses anew. */
export function tellAddresses(world: World, vm: Vm): void {
  if (vm.get('guest')?.toolsRunningStatus === 'guestToolsRunning') vm.set({ guest: talkingGuest(world, vm) });
}

export function toolsOf(vm: Vm): ToolsState {
  switch (vm.get('guest')?.toolsVersionStatus2) {
    case undefined:
    case 'guestToolsNotInstalled':
      return 'none';
    case 'guestToolsUnmanaged':
      return 'unmanaged';
    case 'guestToolsCurrent':
    case 'guestToolsSupportedNew':
      return 'current';
    default:
      return 'old';
  }
}

function talkingGuest(world: World, vm: Vm): GuestInfo {
  const config = vm.get('config')!;
  const tools = toolsOf(vm);
  if (tools === 'none' || tools === 'silent') return silentGuest(config, { tools, running: true });
  const networks = nicsOf(vm).map((nic): [number, string] => [nic.key, networkNameOf(world, vm, nic) ?? '']);
  return runningGuest({
    config,
    tools,
    hostName: vm.get('guest')?.hostName ?? lifeOf(vm).hostName ?? hostNameFrom(vm.get('name')),
    networks: new Map(networks.filter(([, name]) => name !== '')),
  });
}

function hostNameFrom(name: string): string {
  return name.replace(/%[0-9a-f]{2}|[^\w-]+/gi, '-').toLowerCase();
}
