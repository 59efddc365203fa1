/** OvfManager. */
import { objectNotFound } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { createImportSpec } from './import-spec.ts';
import { parseDescriptor, validateHost } from './parse-descriptor.ts';
import { writeDescriptor } from './write-descriptor.ts';

export const ovfManagerMethods: MethodTable = {
  ParseDescriptor: ({ request }) => parseDescriptor(request.ovfDescriptor),
  ValidateHost: ({ world, request: { ovfDescriptor, host } }) => {
    if (!world.objects.get(host).as('HostSystem')) throw objectNotFound(host);
    return validateHost(ovfDescriptor);
  },
  CreateImportSpec: ({ world, session, request: { ovfDescriptor, resourcePool, datastore, cisp } }) => {
    const pool = world.objects.get(resourcePool).as('ResourcePool');
    const target = world.objects.get(datastore).as('Datastore');
    if (!pool) throw objectNotFound(resourcePool);
    if (!target) throw objectNotFound(datastore);
    demand(session, 'VApp.Import', pool);
    return createImportSpec(world, ovfDescriptor, { pool, datastore: target }, cisp);
  },
  CreateDescriptor: ({ world, session, request: { obj, cdp } }) => {
    const vm = world.objects.get(obj).as('VirtualMachine');
    if (!vm) throw objectNotFound(obj);
    demand(session, 'VApp.Export', vm);
    return writeDescriptor(world, vm, cdp);
  },
};
