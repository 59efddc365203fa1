/** Advice on where a VM might go: CheckRelocate_Task, PlaceVm, RecommendDatastores. */
import type {
  ClusterRecommendation,
  PlacementAction,
  StoragePlacementAction,
} from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument, localized, notSupported } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { problemsOf } from './migration-checks.ts';
import { type Datastore, isUsable } from './placement.ts';
import { targetOf } from './relocate.ts';
import { asVm } from './subject.ts';

export const provisioningCheckerMethods: MethodTable = {
  CheckRelocate_Task: (call) => {
    const { world, request } = call;
    const vm = asVm(world.objects.get(request.vm));
    return world.tasks.start(call, {
      descriptionId: 'VirtualMachineProvisioningChecker.checkRelocate',
      name: 'CheckRelocate_Task',
      entity: vm,
      locks: [],
      run: () => {
        const { host, destination } = targetOf(world, vm, request.spec);
        const error = problemsOf(world, vm, host, destination).map(localized);
        return {
          $type: 'ArrayOfCheckResult',
          items: [{ vm: vm.ref, host: host.ref, ...(error.length > 0 && { error }) }],
        };
      },
    });
  },
};

/** Of the hosts that can be used the ones with the fewest VMs, the best first. */
export const placementMethods: MethodTable = {
  PlaceVm: ({ world, self, request: { placementSpec } }) => {
    const cluster = self.as('ClusterComputeResource');
    if (!cluster) throw notSupported('it is no cluster');
    if (cluster.get('configuration').drsConfig.enabled !== true) throw invalidArgument('placementSpec');
    const vm = placementSpec.vm && asVm(world.objects.get(placementSpec.vm));
    const allowed = placementSpec.hosts?.map(({ value }) => value);
    const hosts = cluster
      .get('host')
      .filter(({ value }) => !allowed || allowed.includes(value))
      .map((ref) => world.objects.get<'HostSystem'>(ref))
      .filter(isUsable)
      .filter((host) => !vm || problemsOf(world, vm, host, () => undefined).length === 0)
      .sort((a, b) => a.get('vm').length - b.get('vm').length);
    if (hosts.length === 0) throw fault('NoCompatibleHost', {}, 'No host is compatible with the virtual machine.');
    const pool = cluster.get('resourcePool');
    return {
      recommendations: hosts.slice(0, 3).map((host, index) => {
        const datastore = roomiest(
          world,
          host.get('datastore').map((ref) => world.objects.get<'Datastore'>(ref)),
        );
        const relocateSpec = {
          host: host.ref,
          ...(pool && { pool }),
          ...(!vm && datastore && { datastore: datastore.ref }),
        };
        const action: PlacementAction = {
          $type: 'PlacementAction',
          type: 'PlacementV1',
          targetHost: host.ref,
          relocateSpec,
          ...(vm && { vm: vm.ref }),
        };
        return advice(world, {
          key: String(index + 1),
          type: 'V1',
          reason: 'xvmotionPlacement',
          rating: 5 - index,
          action,
        });
      }),
    };
  },
};

export const storageAdviceMethods: MethodTable = {
  RecommendDatastores: ({ world, request: { storageSpec } }) => {
    const { podSelectionSpec, vm } = storageSpec;
    const ref = podSelectionSpec.storagePod ?? podSelectionSpec.initialVmConfig?.[0]?.storagePod;
    const pod = world.objects.find(ref)?.as('StoragePod');
    if (!pod) throw invalidArgument('storageSpec.podSelectionSpec.storagePod');
    const members = pod.get('childEntity').map((each) => world.objects.get<'Datastore'>(each));
    const best = roomiest(world, members);
    if (!best)
      throw fault(
        'NoDiskSpace',
        { file: '', datastore: pod.get('name') },
        `Insufficient disk space on datastore '${pod.get('name')}'.`,
      );
    const action: StoragePlacementAction = {
      $type: 'StoragePlacementAction',
      type: 'StoragePlacementV1',
      relocateSpec: { datastore: best.ref },
      destination: best.ref,
      ...(vm && { vm }),
    };
    return {
      recommendations: [advice(world, { key: '1', type: 'V1', reason: 'storagePlacement', rating: 1, action })],
    };
  },
};

function roomiest(world: World, datastores: readonly Datastore[]): Datastore | undefined {
  const usable = datastores.filter((datastore) => {
    const { accessible, maintenanceMode = 'normal' } = datastore.get('summary');
    return accessible && maintenanceMode === 'normal';
  });
  return [...usable].sort((a, b) => world.files.of(b).freeBytes() - world.files.of(a).freeBytes())[0];
}

interface Advice extends Pick<ClusterRecommendation, 'key' | 'type' | 'reason' | 'rating'> {
  readonly action: PlacementAction | StoragePlacementAction;
}

function advice(world: World, { action, ...rest }: Advice): ClusterRecommendation {
  const reasonText = rest.reason === 'storagePlacement' ? 'Satisfy storage initial placement requests' : 'Placement';
  return { ...rest, reasonText, time: new Date(world.clock.now()).toISOString(), action: [action] };
}
