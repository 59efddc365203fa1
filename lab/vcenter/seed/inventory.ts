/** The inventory at the start. */
import type { World } from '../core/world.ts';
import { seedEsxi } from './esxi-inventory.ts';
import { seedVcenter } from './vcenter-inventory.ts';

/** @param options.vms how many VMs there are, templates included */
export function seedInventory(world: World, options: { readonly vms: number }): void {
  if (world.kind === 'vcenter') seedVcenter(world, options);
  else seedEsxi(world, options);
}
