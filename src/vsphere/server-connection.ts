/** One connected server: everything that its calls share, and the view that each call gets. */

import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { VimClient } from '../vim25/client.ts';
import { createConnection, createReader, isVcenter } from './connection.ts';
import { UnsupportedError } from './errors.ts';
import { createInventory } from './inventory-reads.ts';
import type { PlacementPreferences } from './placement.ts';
import { createPlacement, type PlacementChoices } from './placement-choice.ts';
import { createPropertyWatcher } from './property-watcher.ts';
import { createTagCatalog } from './tag-catalog.ts';
import { createTags } from './tags.ts';
import { createTasks } from './task-waits.ts';
import { logUserEvent } from './user-event.ts';
import type { Vsphere } from './vsphere.ts';

export interface VsphereOptions {
  readonly name: string;
  readonly client: VimClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly placement?: PlacementPreferences | undefined;
  readonly pageSize?: number | undefined;
  readonly onOutcome?: ((error?: unknown) => void) | undefined;
}

export interface ConnectedVsphere extends Vsphere {
  /** Makes the view of all VMs, so that the first search by name is as short as the later ones. */
  warmUp(): Promise<void>;
  /** Stops waiting and logs out. */
  close(): Promise<void>;
}

export function createVsphere(options: VsphereOptions): ConnectedVsphere {
  const { name, client, clock, logger, placement = {} } = options;
  const connection = createConnection(options);
  const watcher = createPropertyWatcher({ client, call: connection.shared, clock, logger });
  const catalog = isVcenter(client) ? createTagCatalog({ rest: client.rest, clock }) : undefined;
  const choices: PlacementChoices = { chosen: new Map(), preferences: placement, logger };

  return {
    name,
    kind: isVcenter(client) ? 'vcenter' : 'esxi',
    about: client.about,
    forCall(call) {
      const reader = createReader(connection, call);
      const inventory = createInventory(reader);
      return {
        ...reader,
        inventory,
        tasks: createTasks(reader, watcher),
        tags: createTags({ server: name, catalog, signal: call.signal }),
        defaults: createPlacement({ reader, inventory, choices }),
        watch: watcher.watch,
        requireVcenter(tool) {
          if (reader.isVcenter) return;
          throw new UnsupportedError(`${tool} needs a vCenter; this server is a single ESXi host.`);
        },
        logUserEvent: (ref, message) => logUserEvent(reader, ref, message, logger),
      };
    },
    async warmUp() {
      await connection.views.ofRoot(['VirtualMachine']);
    },
    async close() {
      watcher.close();
      await client.close();
    },
  };
}
