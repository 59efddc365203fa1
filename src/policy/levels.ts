/** The levels a person can have and an action can need. Ordered: each includes all before it. */
export const PERMISSION_LEVELS = ['READ_ONLY', 'POWER_OPS', 'VM_LIFECYCLE', 'HOST_ADMIN', 'FULL_ADMIN'] as const;
export type PermissionLevel = (typeof PERMISSION_LEVELS)[number];

export const LEVEL_DESCRIPTIONS: Readonly<Record<PermissionLevel, string>> = {
  READ_ONLY: 'See the inventory, its state and its statistics, and change nothing.',
  POWER_OPS: 'Switch virtual machines on and off, work with their snapshots, and plug network cards in and out.',
  VM_LIFECYCLE: 'Create, change, move and delete virtual machines, templates, folders and datastore files.',
  HOST_ADMIN: 'Manage ESXi hosts: maintenance mode, time, service policies, reboot and shutdown.',
  FULL_ADMIN: 'Everything, including commands and files inside guests and the services of hosts.',
};

export function isPermissionLevel(value: unknown): value is PermissionLevel {
  return (PERMISSION_LEVELS as readonly unknown[]).includes(value);
}

/** Whether somebody who has `level` may do what needs `needed`. */
export function includesLevel(level: PermissionLevel, needed: PermissionLevel): boolean {
  return PERMISSION_LEVELS.indexOf(level) >= PERMISSION_LEVELS.indexOf(needed);
}

export function higherLevel(a: PermissionLevel, b: PermissionLevel): PermissionLevel {
  return includesLevel(a, b) ? a : b;
}
