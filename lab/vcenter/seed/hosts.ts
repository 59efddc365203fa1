/** A host with all that it shows. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { addHostManagers } from '../inventory/host-managers.ts';
import { HOST_CAPABILITY, hostConfig } from './host-config.ts';
import { type HostModel, hardwareOf, physicalNics } from './host-hardware.ts';
import { hostNetwork } from './host-network.ts';

export interface HostPlan {
  /** `esx-01` */
  readonly name: string;
  /** `10.0.1.11` */
  readonly address: string;
  readonly model: HostModel;
  /** The compute resource. */
  readonly parent: ManagedObjectReference;
  readonly portGroups: readonly { readonly name: string; readonly vlanId: number }[];
  readonly inMaintenanceMode?: boolean;
  readonly id?: string;
}

export const DOMAIN = 'corp.example';
const DAY_MS = 86_400_000;

export function buildHost(world: World, plan: HostPlan): ManagedObject<'HostSystem'> {
  const { name, model, parent, inMaintenanceMode = false } = plan;
  const { objects, random, clock } = world;
  const managed = world.kind === 'vcenter';
  const id = plan.id ?? objects.newId('host');
  const browser = objects.add(
    'HostDatastoreBrowser',
    {},
    managed ? `datastoreBrowser-${id}` : 'ha-host-datastorebrowser',
  );
  const pnics = physicalNics(model, random);
  const network = hostNetwork({
    hostName: name,
    domain: DOMAIN,
    address: plan.address,
    pnics,
    portGroups: plan.portGroups,
  });
  return objects.add(
    'HostSystem',
    {
      name: `${name}.${DOMAIN}`,
      parent,
      hardware: hardwareOf(model, random),
      capability: HOST_CAPABILITY,
      config: hostConfig({ type: 'HostSystem', value: id }, network, { managed }),
      configManager: addHostManagers(world, id),
      datastoreBrowser: browser.ref,
      runtime: {
        connectionState: 'connected',
        powerState: 'poweredOn',
        standbyMode: 'none',
        inMaintenanceMode,
        inQuarantineMode: false,
        bootTime: new Date(clock.now() - random.between(20 * DAY_MS, 180 * DAY_MS)).toISOString(),
        cryptoState: 'incapable',
        hostMaxVirtualDiskCapacity: 68_169_720_922_112,
      },
    },
    id,
  );
}
