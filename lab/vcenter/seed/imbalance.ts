/** Where DRS asks first, nobody has said yes lately: one host bears more than the others, and DRS has something to say. */
import { couldRunOn } from '../clusters/migration.ts';
import { asksFirst, refreshRecommendations } from '../clusters/recommendations.ts';
import type { World } from '../core/world.ts';
import { isPoweredOn, vmsOn } from '../hosts/subject.ts';
import { isUsable } from '../vm/placement.ts';

export function seedImbalance(world: World): void {
  for (const cluster of world.objects.all('ClusterComputeResource')) {
    if (!asksFirst(cluster)) continue;
    const hosts = cluster
      .get('host')
      .flatMap((ref) => world.objects.find(ref)?.as('HostSystem') ?? [])
      .filter(isUsable);
    const [first, last] = [hosts[0], hosts.at(-1)];
    if (first && last && first !== last) {
      // All that can: fewer would be even at some time of the day, by which the loads of VMs go.
      for (const vm of vmsOn(world, last).filter((each) => isPoweredOn(each) && couldRunOn(each, first))) {
        vm.set({ runtime: { ...vm.get('runtime'), host: first.ref } });
      }
    }
    refreshRecommendations(world, cluster);
  }
}
