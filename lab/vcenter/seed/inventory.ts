/** The inventory at the start. */
import type { World } from '../core/world.ts';

export function seedInventory(world: World, { vms }: { vms: number }): void {
  const { objects, content } = world;
  const root = objects.add(
    'Folder',
    { name: 'Datacenters', childType: ['Folder', 'Datacenter'] },
    content.rootFolder.value,
  );
  const vmFolder = objects.add('Folder', { name: 'vm', childType: ['Folder', 'VirtualMachine'] });
  const datacenter = objects.add('Datacenter', { name: 'DC0', parent: root.ref, vmFolder: vmFolder.ref });
  vmFolder.set({ parent: datacenter.ref });
  for (let index = 0; index < vms; index++) {
    objects.add('VirtualMachine', {
      name: `vm-${index}`,
      parent: vmFolder.ref,
      runtime: { connectionState: 'connected', powerState: 'poweredOn' } as never,
    });
  }
}
