/**
 * vCenter sees one service account. A user event on the object tells, in vCenter's own history, which person
 * asked for a change.
 */
import type { Logger } from '../lib/logger.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

/** Leaves `message` on the object. Not every account may; the call goes on without it. */
export async function logUserEvent(
  reader: Reader,
  ref: ManagedObjectReference,
  message: string,
  logger: Logger,
): Promise<'logged' | 'refused'> {
  const { eventManager } = reader.content;
  if (eventManager === undefined) return 'refused';
  try {
    await reader.call('LogUserEvent', { _this: eventManager, entity: ref, msg: message });
    return 'logged';
  } catch (err) {
    // The record of the call says so too; a server that refuses one refuses them all.
    logger.debug({ err, object: ref.value }, 'the user event was refused');
    return 'refused';
  }
}
