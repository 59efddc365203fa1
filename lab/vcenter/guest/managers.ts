/** GuestOperationsManager and the managers behind it, under the ids by which vCenter and ESXi have them. */
import type { World } from '../core/world.ts';

const IDS = {
  vcenter: ['guestOperationsAuthManager', 'guestOperationsFileManager', 'guestOperationsProcessManager'],
  esxi: ['ha-guest-operations-auth-manager', 'ha-guest-operations-file-manager', 'ha-guest-operations-process-manager'],
} as const;

export function addGuestManagers({ kind, objects, content }: Pick<World, 'kind' | 'objects' | 'content'>): void {
  const [auth, file, process] = IDS[kind];
  objects
    .find(content.guestOperationsManager)
    ?.as('GuestOperationsManager')
    ?.set({
      authManager: objects.addPlain('GuestAuthManager', auth).ref,
      fileManager: objects.addPlain('GuestFileManager', file).ref,
      processManager: objects.addPlain('GuestProcessManager', process).ref,
    });
}
