/** One server under the contract: a connection, a VM of its own for each question, and what a question may ask about. */

import type { VimClient } from '../../../src/vim25/client.ts';
import { SoapFault } from '../../../src/vim25/faults.ts';
import type { DataObjects } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { TaskFailedError } from '../../../src/vsphere/errors.ts';
import type { VsphereCall } from '../../../src/vsphere/vsphere.ts';
import type { Vcsim } from '../../support/vcsim.ts';
import { connect } from '../../vsphere/connect.ts';

export type Reachable = Pick<Vcsim, 'url' | 'user' | 'password'>;

export interface Server {
  readonly address: Reachable;
  readonly client: VimClient;
  readonly call: VsphereCall;
  /** Where new VMs go. */
  readonly place: Place;
  /** A VM that is off, with one disk and no card. */
  vm(): Promise<Vm>;
  /** How a call, or the task that it starts, ends: `success`, or the class of its fault. */
  outcome(action: () => Promise<unknown>): Promise<string>;
  /** Starts a task and gives its result. */
  task(action: () => Promise<ManagedObjectReference>): Promise<unknown>;
  close(): Promise<void>;
}

export interface Vm {
  readonly ref: ManagedObjectReference;
  readonly name: string;
}

export interface Place {
  readonly folder: ManagedObjectReference;
  readonly pool: ManagedObjectReference;
  readonly datacenter: ManagedObjectReference;
  readonly datastore: string;
  readonly datastoreRef: ManagedObjectReference;
}

export async function openServer(address: Reachable): Promise<Server> {
  const { client, call, close } = await connect(address);
  const place = await placeIn(call);
  let last = 0;
  const task = async (action: () => Promise<ManagedObjectReference>) => (await call.tasks.wait(await action())).result;
  return {
    address,
    client,
    call,
    place,
    task,
    async vm() {
      const name = `contract-${++last}`;
      const config = vmSpec(name, place.datastore);
      const ref = await task(() => call.call('CreateVM_Task', { _this: place.folder, config, pool: place.pool }));
      return { ref: ref as ManagedObjectReference, name };
    },
    async outcome(action) {
      try {
        const started = await action();
        if (isTask(started)) await call.tasks.wait(started);
        return 'success';
      } catch (error) {
        if (error instanceof TaskFailedError || error instanceof SoapFault) return error.faultType;
        throw error;
      }
    },
    close,
  };
}

function isTask(value: unknown): value is ManagedObjectReference {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Task';
}

export function vmSpec(name: string, datastore: string): DataObjects['VirtualMachineConfigSpec'] {
  const spec: object = {
    name,
    guestId: 'otherGuest64',
    numCPUs: 1,
    memoryMB: 64,
    files: { vmPathName: `[${datastore}]` },
    deviceChange: [
      {
        operation: 'add',
        device: { $type: 'ParaVirtualSCSIController', key: -101, busNumber: 0, sharedBus: 'noSharing' },
      },
      {
        operation: 'add',
        fileOperation: 'create',
        device: {
          $type: 'VirtualDisk',
          key: -102,
          controllerKey: -101,
          unitNumber: 0,
          capacityInKB: 1024 * 1024,
          backing: {
            $type: 'VirtualDiskFlatVer2BackingInfo',
            fileName: `[${datastore}]`,
            diskMode: 'persistent',
            thinProvisioned: true,
          },
        },
      },
    ],
  };
  return spec as DataObjects['VirtualMachineConfigSpec'];
}

/** The datacenter of a cluster, and that cluster's pool and a datastore. */
async function placeIn(call: VsphereCall): Promise<Place> {
  const [datacenter] = await call.readAll('Datacenter', ['vmFolder']);
  const [cluster] = await call.readAll('ClusterComputeResource', ['resourcePool', 'datastore']);
  const stores = await call.readAll('Datastore', ['name', 'summary.accessible']);
  const mounted = new Set(cluster!.props.datastore?.map(({ value }) => value));
  const store = stores.find(({ ref, props }) => mounted.has(ref.value) && props['summary.accessible'])!;
  return {
    datacenter: datacenter!.ref,
    folder: datacenter!.props.vmFolder!,
    pool: cluster!.props.resourcePool!,
    datastore: store.props.name!,
    datastoreRef: store.ref,
  };
}
