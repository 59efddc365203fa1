/**
 * The port groups that distributed switches keep for their own uplinks: they carry hosts, and no VM can be plugged
 * into one. The switch's own list is what counts (DVSConfigInfo.uplinkPortgroup); the port group says it too, by
 * `config.uplink` on newer servers and by a tag on all. A simulator says none of it, and only names them as vCenter
 * does.
 */
import type { ObjectProperties, Reader } from './reader.ts';
import { type ManagedObjectReference, refKey, sameRef } from './references.ts';

const UPLINKS_TAG = 'SYSTEM/DVS.UPLINKPG';

export const PORTGROUP_PATHS = ['name', 'tag', 'config.uplink', 'config.distributedVirtualSwitch'] as const;
export const SWITCH_PATHS = ['name', 'config.uplinkPortgroup'] as const;

type Portgroup = ObjectProperties<'DistributedVirtualPortgroup', (typeof PORTGROUP_PATHS)[number]>;
type Switch = ObjectProperties<'DistributedVirtualSwitch', (typeof SWITCH_PATHS)[number]>;

/** @param dvs the port group's switch; absent where the account may not read it */
export function isUplink({ ref, props }: Portgroup, dvs: Switch | undefined): boolean {
  return (
    props['config.uplink'] === true ||
    props.tag?.some(({ key }) => key === UPLINKS_TAG) === true ||
    dvs?.props['config.uplinkPortgroup']?.some((each) => sameRef(each, ref)) === true ||
    (dvs !== undefined && props.name === usualName(dvs))
  );
}

/** How vCenter names the port group when it makes the switch `dvs-21`: `Switch-DVUplinks-21`. */
function usualName({ ref, props }: Switch): string {
  return `${props.name}-DVUplinks-${ref.value.replace(/^dvs-/, '')}`;
}

/** From a port group on to its switch. */
const OWNER = {
  $type: 'TraversalSpec',
  type: 'DistributedVirtualPortgroup',
  path: 'config.distributedVirtualSwitch',
  skip: false,
};

/** Those of the networks that are uplinks, by `ref.value`. One round trip; none without distributed port groups. */
export async function uplinksOf(reader: Reader, networks: readonly ManagedObjectReference[]): Promise<Set<string>> {
  const refs = networks.filter(({ type }) => type === 'DistributedVirtualPortgroup');
  if (refs.length === 0) return new Set();
  const found = await reader.retrieve([
    {
      propSet: [
        { type: 'DistributedVirtualPortgroup', pathSet: [...PORTGROUP_PATHS] },
        { type: 'DistributedVirtualSwitch', pathSet: [...SWITCH_PATHS] },
      ],
      objectSet: refs.map((obj) => ({ obj, skip: false, selectSet: [OWNER] })),
      reportMissingObjectsInResults: true,
    },
  ]);
  const all = new Map(found.map((object) => [refKey(object.ref), object]));
  const uplinks = refs.filter((ref) => {
    const group = all.get(refKey(ref)) as Portgroup | undefined;
    const owner = group?.props['config.distributedVirtualSwitch'];
    return group !== undefined && isUplink(group, owner && (all.get(refKey(owner)) as Switch | undefined));
  });
  return new Set(uplinks.map(({ value }) => value));
}
