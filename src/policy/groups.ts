import type { PermissionLevel } from './levels.ts';

/** The groups that mean something without a policy file. A policy file may add to them and redefine them. */
export const DEFAULT_GROUPS: ReadonlyMap<string, PermissionLevel> = new Map([
  ['vsphere-readers', 'READ_ONLY'],
  ['vsphere-operators', 'POWER_OPS'],
  ['vsphere-admins', 'VM_LIFECYCLE'],
  ['vsphere-host-admins', 'HOST_ADMIN'],
  ['vsphere-super-admins', 'FULL_ADMIN'],
]);
