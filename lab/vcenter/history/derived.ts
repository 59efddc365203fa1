/** What the managers of events and tasks, and the inventory, show of what happened. */
import type { World } from '../core/world.ts';
import { deriveCollectors } from './collectors.ts';
import { deriveEvents } from './event-methods.ts';
import { deriveTasks } from './task-methods.ts';

/** Before anything is in the inventory. */
export function deriveHistory(world: World): void {
  deriveCollectors(world.objects);
  deriveEvents(world);
  deriveTasks(world);
}
