/** What of a VM's CPUs and memory can be changed in the state that it is in. */
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';

export interface Reconfiguration {
  readonly cpu?: number | undefined;
  readonly memoryMb?: number | undefined;
}

export interface ReconfigurableVm {
  readonly running: boolean;
  readonly cpu: number;
  /** 1 where vSphere divides the cores itself. */
  readonly coresPerSocket: number;
  readonly memoryMb: number;
  readonly cpuHotAdd: boolean;
  readonly cpuHotRemove: boolean;
  readonly memoryHotAdd: boolean;
}

/** Errors: INVALID_STATE, with what to do, where vSphere would refuse the change after it has begun. */
export async function requireReconfigurable(
  reader: Reader,
  vm: InventoryObject,
  change: Reconfiguration,
): Promise<void> {
  if (change.cpu === undefined && change.memoryMb === undefined) return;
  const { props } = await reader.readOne('VirtualMachine', vm.ref, [
    'runtime.powerState',
    // As a whole: vSphere 7 refuses to read autoCoresPerSocket, which came with 8.
    'config.hardware',
    'config.cpuHotAddEnabled',
    'config.cpuHotRemoveEnabled',
    'config.memoryHotAddEnabled',
  ]);
  const hardware = props['config.hardware'];
  const problem = reconfigurationProblem(
    {
      running: props['runtime.powerState'] !== 'poweredOff',
      cpu: hardware?.numCPU ?? 0,
      coresPerSocket: hardware?.autoCoresPerSocket === true ? 1 : (hardware?.numCoresPerSocket ?? 1),
      memoryMb: hardware?.memoryMB ?? 0,
      cpuHotAdd: props['config.cpuHotAddEnabled'] === true,
      cpuHotRemove: props['config.cpuHotRemoveEnabled'] === true,
      memoryHotAdd: props['config.memoryHotAddEnabled'] === true,
    },
    change,
  );
  if (problem !== undefined) throw new InvalidStateError(`${quoted(vm.name)} ${problem}`);
}

/** What stands in the way of a change, as the rest of a sentence that begins with the VM's name. */
export function reconfigurationProblem(vm: ReconfigurableVm, { cpu, memoryMb }: Reconfiguration): string | undefined {
  if (cpu !== undefined && cpu !== vm.cpu && vm.coresPerSocket > 1 && cpu % vm.coresPerSocket !== 0) {
    return `has ${vm.coresPerSocket} cores per socket: cpu must be a multiple of that.`;
  }
  if (!vm.running) return undefined;
  if (cpu !== undefined && cpu > vm.cpu && !vm.cpuHotAdd) return 'is running without CPU hot add: shut it down first.';
  if (cpu !== undefined && cpu < vm.cpu && !vm.cpuHotRemove) {
    return 'is running without CPU hot remove: shut it down first.';
  }
  if (memoryMb !== undefined && memoryMb > vm.memoryMb && !vm.memoryHotAdd) {
    return 'is running without memory hot add: shut it down first.';
  }
  if (memoryMb !== undefined && memoryMb < vm.memoryMb) {
    return 'is running, and memory is never taken from a running VM: shut it down first.';
  }
  return undefined;
}
