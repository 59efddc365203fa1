/** The inventory at the start. */
import type { World } from '../core/world.ts';

export function seedInventory(world: World, { vms }: { vms: number }): void {
  const { objects, content } = world;
  const root = objects.add(
    'Folder',
    { name: 'Datacenters', childType: ['Folder', 'Datacenter'], childEntity: [] },
    content.rootFolder.value,
  );
  const vmFolder = objects.add('Folder', { name: 'vm', childType: ['Folder', 'VirtualMachine'], childEntity: [] });
  const datacenter = objects.add('Datacenter', { name: 'DC0', parent: root.ref, vmFolder: vmFolder.ref });
  root.set({ childEntity: [datacenter.ref] });
  vmFolder.set({
    parent: datacenter.ref,
    childEntity: Array.from(
      { length: vms },
      (_, index) =>
        objects.add('VirtualMachine', {
          name: `vm-${index}`,
          parent: vmFolder.ref,
          runtime: { connectionState: 'connected', powerState: 'poweredOn' } as never,
        }).ref,
    ),
  });
}
