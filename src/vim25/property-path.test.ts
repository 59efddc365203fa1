import { describe, expectTypeOf, it } from 'vitest';
import type { ClusterComputeResource, HostSystem, VirtualMachine } from './generated/types.ts';
import type { ManagedObjectReference } from './managed-object-reference.ts';
import type { PropertyAt, PropertyPath } from './property-path.ts';

describe('property paths', () => {
  it('give the type of what they name', () => {
    expectTypeOf<PropertyAt<VirtualMachine, 'name'>>().toEqualTypeOf<string | undefined>();
    expectTypeOf<PropertyAt<VirtualMachine, 'config.hardware.numCPU'>>().toEqualTypeOf<number | undefined>();
    expectTypeOf<PropertyAt<VirtualMachine, 'runtime.host'>>().toEqualTypeOf<ManagedObjectReference | undefined>();
    expectTypeOf<PropertyAt<HostSystem, 'summary.quickStats.overallCpuUsage'>>().toEqualTypeOf<number | undefined>();
  });

  it('are checked against the object', () => {
    expectTypeOf<'config.hardware.device'>().toExtend<PropertyPath<VirtualMachine>>();
    expectTypeOf<'summary.config.sslThumbprint'>().toExtend<PropertyPath<HostSystem>>();
    expectTypeOf<'host'>().toExtend<PropertyPath<ClusterComputeResource>>();
    expectTypeOf<'config.hardware.cores'>().not.toExtend<PropertyPath<VirtualMachine>>();
    expectTypeOf<'nme'>().not.toExtend<PropertyPath<VirtualMachine>>();
  });
});
