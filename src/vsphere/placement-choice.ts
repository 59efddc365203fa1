/** Chooses where new things go on a server, and remembers for all calls what does not depend on the hour. */

import type { Logger } from '../lib/logger.ts';
import { ofObjects } from './connection.ts';
import { ObjectNotFoundError } from './errors.ts';
import type { Inventory, InventoryKind, InventoryObject } from './inventory.ts';
import { isOfKind, nounOf } from './kinds.ts';
import type { Placement, PlacementPreferences } from './placement.ts';
import type { Reader } from './reader.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';
import { requireReadable } from './unreadable.ts';
import { uplinksOf } from './uplinks.ts';

type Slot = keyof Placement;

/** What was chosen on a server, shared by its calls. */
export interface PlacementChoices {
  readonly chosen: Map<Slot, InventoryObject>;
  readonly preferences: PlacementPreferences;
  readonly logger: Logger;
}

interface Options {
  readonly reader: Reader;
  readonly inventory: Inventory;
  readonly choices: PlacementChoices;
}

/** By convention the network that vSphere itself makes first. */
const USUAL_NETWORK = 'VM Network';

export function createPlacement({ reader, inventory, choices }: Options): Placement {
  const { preferences } = choices;
  let roomiestNow: Promise<InventoryObject> | undefined;

  const placement: Placement = {
    datacenter: () =>
      remembered('datacenter', async () => {
        if (preferences.datacenter !== undefined) return inventory.find('Datacenter', preferences.datacenter);
        if (preferences.cluster !== undefined) {
          const cluster = await inventory.find('ComputeResource', preferences.cluster);
          const datacenter = await inventory.datacenterOf(cluster.ref);
          if (datacenter !== undefined) return datacenter;
        }
        return first('Datacenter', await inventory.list('Datacenter'));
      }),

    computeResource: () =>
      remembered('computeResource', async () => {
        const { ref: within } = await placement.datacenter();
        if (preferences.cluster !== undefined) {
          return configured(
            'ComputeResource',
            preferences.cluster,
            await inventory.list('ComputeResource', { within }),
          );
        }
        const all = await inventory.list('ComputeResource', { within });
        const clusters = all.filter(({ type }) => type === 'ClusterComputeResource');
        return first('ComputeResource', clusters.length > 0 ? clusters : all);
      }),

    datastore: () => {
      const { datastore } = preferences;
      if (datastore === undefined) {
        // Free space changes with all that is put there: each call chooses anew, once.
        roomiestNow ??= chosenAnew('datastore', async () =>
          inventory.describe(await roomiest(reader, (await placement.computeResource()).ref)),
        );
        return roomiestNow;
      }
      return remembered('datastore', async () => {
        const { ref: within } = await placement.datacenter();
        return configured('Datastore', datastore, await inventory.list('Datastore', { within }));
      });
    },

    network: () =>
      remembered('network', async () => {
        const usable = await networksOf(reader, inventory, (await placement.computeResource()).ref);
        if (preferences.network !== undefined) return configured('Network', preferences.network, usable);
        return usable.find(({ name }) => name === USUAL_NETWORK) ?? first('Network', usable);
      }),

    resourcePool: () =>
      remembered('resourcePool', async () =>
        inventory.describe(await rootPoolOf(reader, (await placement.computeResource()).ref)),
      ),

    vmFolder: () =>
      remembered('vmFolder', async () =>
        inventory.describe(await vmFolderOf(reader, (await placement.datacenter()).ref)),
      ),
  };
  return placement;

  /** What was chosen before, unless it is gone; else a new choice. */
  async function remembered(slot: Slot, choose: () => Promise<InventoryObject>): Promise<InventoryObject> {
    const before = choices.chosen.get(slot);
    return before !== undefined && (await exists(reader, before.ref)) ? before : chosenAnew(slot, choose);
  }

  async function chosenAnew(slot: Slot, choose: () => Promise<InventoryObject>): Promise<InventoryObject> {
    const object = await choose();
    // Calls that choose at the same time choose the same: only the first of them is news.
    const news = !sameRef(object.ref, choices.chosen.get(slot)?.ref);
    choices.chosen.set(slot, object);
    if (news) choices.logger.info({ [slot]: object.path, id: object.id }, `default ${slot} chosen`);
    return object;
  }
}

async function exists(reader: Reader, ref: ManagedObjectReference): Promise<boolean> {
  const found = await reader.retrieve([ofObjects([ref], [{ type: 'ManagedEntity', pathSet: ['name'] }])]);
  return found.length > 0;
}

/** The first in the order of their paths, which does not change while the inventory does not. */
function first(kind: InventoryKind, objects: readonly InventoryObject[]): InventoryObject {
  const [object] = [...objects].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (object === undefined) throw new ObjectNotFoundError(`There is no ${nounOf(kind)} to place anything on.`);
  return object;
}

/** The configured object, which must be among those that can be used. */
function configured(kind: InventoryKind, wanted: string, usable: readonly InventoryObject[]): InventoryObject {
  const fitting = usable.filter(({ name, path, id }) => [name, path, id].includes(wanted));
  if (fitting.length === 1) return fitting[0]!;
  const problem = fitting.length === 0 ? 'is not there' : 'is not the only one of that name';
  throw new ObjectNotFoundError(`The configured default ${nounOf(kind)} ${problem}: name another one in the call.`);
}

/** The datastore with the most free space among those that can be written to. */
async function roomiest(reader: Reader, computeResource: ManagedObjectReference): Promise<ManagedObjectReference> {
  const { props } = await reader.readOne('ComputeResource', computeResource, ['datastore']);
  const datastores = await reader.read('Datastore', props.datastore ?? [], ['summary']);
  const usable = datastores
    .filter(({ props: { summary } }) => summary?.accessible === true && inService(summary.maintenanceMode))
    .sort((a, b) => (b.props.summary?.freeSpace ?? 0) - (a.props.summary?.freeSpace ?? 0));
  if (usable[0] === undefined) {
    for (const datastore of datastores) await requireReadable(reader, datastore);
    throw new ObjectNotFoundError('There is no datastore that can be written to.');
  }
  return usable[0].ref;
}

function inService(maintenanceMode: string | undefined): boolean {
  return maintenanceMode === undefined || maintenanceMode === '' || maintenanceMode === 'normal';
}

/** The networks that VMs of a compute resource can be connected to, uplinks left out. */
async function networksOf(
  reader: Reader,
  inventory: Inventory,
  computeResource: ManagedObjectReference,
): Promise<InventoryObject[]> {
  const { props } = await reader.readOne('ComputeResource', computeResource, ['network']);
  const refs = props.network ?? [];
  const uplinks = await uplinksOf(reader, refs);
  const objects = await inventory.describeAll(refs.filter(({ value }) => !uplinks.has(value)));
  return [...objects.values()].filter(({ type }) => isOfKind(type, 'Network'));
}

async function rootPoolOf(reader: Reader, computeResource: ManagedObjectReference): Promise<ManagedObjectReference> {
  const { props } = await reader.readOne('ComputeResource', computeResource, ['resourcePool']);
  if (props.resourcePool === undefined) throw new ObjectNotFoundError('The cluster has no resource pool.');
  return props.resourcePool;
}

async function vmFolderOf(reader: Reader, datacenter: ManagedObjectReference): Promise<ManagedObjectReference> {
  const { props } = await reader.readOne('Datacenter', datacenter, ['vmFolder']);
  if (props.vmFolder === undefined) throw new ObjectNotFoundError('The datacenter shows no VM folder.');
  return props.vmFolder;
}
