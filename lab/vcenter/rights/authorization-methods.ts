/** AuthorizationManager: which privileges there are, and which of them an account has. It has them everywhere. */
import type { AuthorizationRole, Permission } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import type { Account } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import { PRIVILEGE_IDS, PRIVILEGES } from './privileges.ts';

const ADMIN = -1;
const ALWAYS_THERE = ['System.Anonymous', 'System.View', 'System.Read'];

const role = (roleId: number, name: string, label: string, privilege: readonly string[]): AuthorizationRole => ({
  roleId,
  system: roleId < 0,
  name,
  info: { label, summary: label },
  privilege: [...privilege],
});
const starting = (...beginnings: string[]) => [
  ...ALWAYS_THERE,
  ...PRIVILEGE_IDS.filter((id) => beginnings.some((beginning) => id.startsWith(beginning))),
];

const ROLES: readonly AuthorizationRole[] = [
  role(ADMIN, 'Admin', 'Administrator', PRIVILEGE_IDS),
  role(-2, 'ReadOnly', 'Read-only', ALWAYS_THERE),
  role(-3, 'View', 'View', ['System.Anonymous', 'System.View']),
  role(-4, 'Anonymous', 'Anonymous', ['System.Anonymous']),
  role(-5, 'NoAccess', 'No access', []),
  role(
    4,
    'VirtualMachinePowerUser',
    'Virtual machine power user (sample)',
    starting('VirtualMachine.Interact.', 'VirtualMachine.State.'),
  ),
  role(5, 'VirtualMachineUser', 'Virtual machine user (sample)', starting('VirtualMachine.Interact.')),
  role(6, 'ResourcePoolAdministrator', 'Resource pool administrator (sample)', starting('Resource.')),
];

export function deriveRights({ objects }: World): void {
  const described = (key: string) => ({ key, label: key, summary: key });
  objects.derive('AuthorizationManager', 'privilegeList', () => [...PRIVILEGES]);
  objects.derive('AuthorizationManager', 'roleList', () => [...ROLES]);
  objects.derive('AuthorizationManager', 'description', () => ({
    privilege: PRIVILEGE_IDS.map(described),
    privilegeGroup: [...new Set(PRIVILEGES.map(({ privGroupName }) => privGroupName))].map(described),
  }));
}

export const authorizationMethods: MethodTable = {
  RetrieveEntityPermissions: ({ world, request: { entity, inherited } }) => {
    const { ref } = world.objects.get(entity);
    const { rootFolder } = world.content;
    return ref.value === rootFolder.value || inherited ? [administrators(world)] : [];
  },
  RetrieveAllPermissions: ({ world }) => [administrators(world)],
  RetrieveRolePermissions: ({ world, request: { roleId } }) => {
    if (!ROLES.some((each) => each.roleId === roleId)) throw fault('NotFound', {}, 'The role is not there.');
    return roleId === ADMIN ? [administrators(world)] : [];
  },
  HasPrivilegeOnEntity: ({ world, request: { entity, sessionId, privId = [] } }) => {
    world.objects.get(entity);
    return privId.map((privilege) => has(accountOfSession(world, sessionId), privilege));
  },
  HasPrivilegeOnEntities: ({ world, request: { entity, sessionId, privId = [] } }) =>
    privilegesOn(world, entity, accountOfSession(world, sessionId), privId),
  HasUserPrivilegeOnEntities: ({ world, request: { entities, userName, privId = [] } }) =>
    privilegesOn(world, entities, accountNamed(world, userName), privId),
  FetchUserPrivilegeOnEntities: ({ world, request: { entities, userName } }) => {
    const account = accountNamed(world, userName);
    const privileges = PRIVILEGE_IDS.filter((id) => has(account, id));
    return entities.map((entity) => ({ entity: world.objects.get(entity).ref, privileges }));
  },
};

function administrators({ kind, content }: World): Permission {
  return {
    entity: content.rootFolder,
    principal: kind === 'vcenter' ? 'VSPHERE.LOCAL\\Administrators' : 'root',
    group: kind === 'vcenter',
    roleId: ADMIN,
    propagate: true,
  };
}

function has(account: Account | undefined, privilege: string): boolean {
  if (!account) return false;
  return ALWAYS_THERE.includes(privilege) || (account.may?.(privilege) ?? true);
}

function accountOfSession(world: World, key: string): Account | undefined {
  const session = world.sessions.list().find((each) => each.key === key);
  if (!session) throw invalidArgument('sessionId');
  return session.account;
}

/** `administrator@vsphere.local`, or `VSPHERE.LOCAL\\administrator` as vCenter writes it. */
function accountNamed({ sessions }: World, userName: string): Account {
  const [, domain, name] = /^([^\\]+)\\(.+)$/.exec(userName) ?? [];
  const account = sessions.account(userName) ?? (name && sessions.account(`${name}@${domain}`));
  if (!account)
    throw fault('UserNotFound', { principal: userName, unresolved: true }, `The user ${userName} is unknown.`);
  return account;
}

function privilegesOn(
  world: World,
  entities: readonly ManagedObjectReference[],
  account: Account | undefined,
  ids: readonly string[],
) {
  return entities.map((ref) => ({
    entity: world.objects.get(ref).ref,
    privAvailability: ids.map((privId) => ({ privId, isGranted: has(account, privId) })),
  }));
}
