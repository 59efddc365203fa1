/** OvfManager.ParseDescriptor and ValidateHost: what a package holds, before anything is decided. */
import type { OvfParseDescriptorResult, OvfValidateHostResult } from '../../../src/vim25/generated/types.ts';
import { localized } from '../core/faults.ts';
import { type Descriptor, readDescriptor } from './descriptor.ts';
import { PROVISIONINGS } from './import-spec.ts';

export function parseDescriptor(text: string): OvfParseDescriptorResult {
  const descriptor = readDescriptor(text);
  const { networks, options, systems, isVApp, errors } = descriptor;
  const [system] = systems;
  const [product] = system?.products ?? [];
  const properties = systems.flatMap(({ products }) => products.flatMap((section) => section.properties));
  const eula = systems.flatMap(({ eulas }) => eulas);
  const { download, flat, sparse } = sizesOf(descriptor);
  return {
    ...(eula.length > 0 && { eula }),
    ...(networks.length > 0 && { network: networks }),
    ...(properties.length > 0 && { property: properties }),
    ...(product && { productInfo: product.product }),
    annotation: system?.annotation ?? '',
    approximateDownloadSize: download,
    approximateFlatDeploymentSize: flat,
    approximateSparseDeploymentSize: sparse,
    defaultEntityName: system?.name ?? '',
    virtualApp: isVApp,
    ...(options.length > 0 && {
      deploymentOption: options.map(({ key, label, description }) => ({ key, label, description })),
    }),
    defaultDeploymentOption: options.find(({ isDefault }) => isDefault)?.key ?? '',
    ...(isVApp && { entityName: systems.map(({ id, name }) => ({ key: id, value: name })) }),
    ...(errors.length > 0 && { error: errors.map(localized) }),
  };
}

export function validateHost(text: string): OvfValidateHostResult {
  const descriptor = readDescriptor(text);
  const { download, flat, sparse } = sizesOf(descriptor);
  return {
    downloadSize: download,
    flatDeploymentSize: flat,
    sparseDeploymentSize: sparse,
    ...(descriptor.errors.length > 0 && { error: descriptor.errors.map(localized) }),
    supportedDiskProvisioning: [...PROVISIONINGS].slice(0, 3),
  };
}

/** Bytes. */
function sizesOf({ files, disks }: Descriptor): { download: number; flat: number; sparse: number } {
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
  const capacities = [...disks.values()].map((disk) => ({
    flat: typeof disk.capacity === 'number' ? disk.capacity : 0,
    populated: disk.populatedBytes ?? 0,
  }));
  return {
    download: sum([...files.values()].map(({ size = 0 }) => size)),
    flat: sum(capacities.map(({ flat }) => flat)),
    sparse: sum(capacities.map(({ populated }) => populated)),
  };
}
