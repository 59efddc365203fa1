/** Where DRS asks first, nobody has said yes lately: one host bears more than the others, and DRS has something to say. */
import { couldRunOn } from '../clusters/migration.ts';
import { asksFirst, refreshRecommendations } from '../clusters/recommendations.ts';
import type { World } from '../core/world.ts';
import { isPoweredOn, vmsOn } from '../hosts/subject.ts';
import { isUsable } from '../vm/placement.ts';

/** Every so manieth running VM of the last host is on the first. */
const EVERY = 3;

export function seedImbalance(world: World): void {
  for (const cluster of world.objects.all('ClusterComputeResource')) {
    if (!asksFirst(cluster)) continue;
    const hosts = cluster
      .get('host')
      .flatMap((ref) => world.objects.find(ref)?.as('HostSystem') ?? [])
      .filter(isUsable);
    const [first, last] = [hosts[0], hosts.at(-1)];
    if (first && last && first !== last) {
      const movable = vmsOn(world, last).filter((vm) => isPoweredOn(vm) && couldRunOn(vm, first));
      for (const [index, vm] of movable.entries()) {
        if (index % EVERY === EVERY - 1) vm.set({ runtime: { ...vm.get('runtime'), host: first.ref } });
      }
    }
    refreshRecommendations(world, cluster);
  }
}
