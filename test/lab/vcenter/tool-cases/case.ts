/** What every tool has to show on the lab: that it works, how it mostly fails, and that it can be denied. */
import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import type { World } from '../../../../lab/vcenter/core/world.ts';
import type { VCenter } from '../../../../lab/vcenter/vcenter.ts';
import type { ErrorCode } from '../../../../src/lib/errors.ts';
import type { ToolHarness, ToolOutput } from '../../../support/tool-harness.ts';

export type Vm = ManagedObject<'VirtualMachine'>;
export type Args = Readonly<Record<string, unknown>>;

/** A lab with a caller who may do everything, and one VM after another that no other case has touched. */
export interface Stage {
  readonly vcenter: VCenter;
  readonly world: World;
  run: ToolHarness['run'];
  vm(powerState: 'poweredOn' | 'poweredOff', holds?: (vm: Vm) => boolean): Vm;
  /** The first of a type for which that holds. */
  first<T extends Parameters<World['objects']['all']>[0]>(
    type: T,
    holds?: (object: ManagedObject<T>) => boolean,
  ): ManagedObject<T>;
}

type OrMade<T> = T | ((stage: Stage) => T | Promise<T>);

export interface ToolCase {
  /** Calls it and holds what it says, and what it did, against what the lab holds. */
  readonly works: (stage: Stage) => Promise<void>;
  /** The call that goes wrong the way that people meet most. */
  readonly fails: { readonly args: OrMade<Args>; readonly code: ErrorCode; readonly says?: RegExp };
  /**
   * A call that would work, as one that is denied. By the gateway it is for a caller who lacks the level; by vCenter
   * for a service account `without` this privilege, where the tool asks for one.
   */
  readonly denied: { readonly args: OrMade<Args>; readonly without?: string };
}

export type ToolCases = Readonly<Record<string, ToolCase>>;

export async function made<T>(given: OrMade<T>, stage: Stage): Promise<T> {
  return typeof given === 'function' ? (given as (stage: Stage) => T | Promise<T>)(stage) : given;
}

/** An object as a result names it. */
export function refOf(object: { readonly id: string; read(property: string): unknown }): ToolOutput {
  return { name: object.read('name'), id: object.id };
}

/** A call about something that is not there. */
export function missing(field: string, more: Args = {}): ToolCase['fails'] {
  return { args: { ...more, [field]: 'no-such-thing' }, code: 'NOT_FOUND', says: /no-such-thing/ };
}

/** How a list that takes no names fails: by a page that it never gave. */
export const BAD_CURSOR: ToolCase['fails'] = { args: { cursor: 'made up' }, code: 'INVALID_INPUT', says: /cursor/ };

/** A VM of the cluster that has shared datastores, several hosts and DRS. */
export function productionVm(stage: Stage, powerState: 'poweredOn' | 'poweredOff' = 'poweredOn'): Vm {
  const cluster = stage.first('ClusterComputeResource', (each) => each.get('name') === 'Production');
  return stage.vm(powerState, (vm) => {
    const host = stage.world.objects.find(vm.get('runtime').host)?.as('HostSystem');
    return host?.get('parent')?.value === cluster.id && vm.get('parentVApp') === undefined;
  });
}
