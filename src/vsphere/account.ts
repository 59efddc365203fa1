import type { VsphereCall } from './vsphere.ts';

/** What the tools need at the least, and what they cannot do without it. */
const WANTED = [
  { privilege: 'System.Read', without: 'nothing can be read' },
  { privilege: 'VirtualMachine.Interact.PowerOn', without: 'power tools fail' },
  { privilege: 'VirtualMachine.State.CreateSnapshot', without: 'snapshot tools fail' },
  { privilege: 'VirtualMachine.Inventory.Create', without: 'VMs cannot be created' },
  { privilege: 'Global.LogEvent', without: 'changes leave no user event in vCenter' },
] as const;

/** Who the service account is, what it sees, and which of the privileges that tools need it lacks at the root. */
export async function describeAccount(call: VsphereCall): Promise<string> {
  const [user, vms, hosts, lacking] = await Promise.all([
    userName(call),
    call.inventory.list('VirtualMachine'),
    call.inventory.list('HostSystem'),
    lackingPrivileges(call),
  ]);
  const sees = `${user} sees ${vms.length} VMs and ${hosts.length} hosts`;
  if (lacking.length === 0) return sees;
  return `${sees}; at the root it lacks ${lacking.map(({ privilege, without }) => `${privilege} (${without})`).join(', ')}`;
}

async function userName(call: VsphereCall): Promise<string> {
  const manager = call.content.sessionManager;
  if (manager === undefined) return 'the account';
  const { props } = await call.readOne('SessionManager', manager, ['currentSession']);
  return props.currentSession?.userName ?? 'the account';
}

/** By the role at the root folder; an account with rights further down only has none there, which is said as it is. */
async function lackingPrivileges(call: VsphereCall): Promise<(typeof WANTED)[number][]> {
  const manager = call.content.authorizationManager;
  if (manager === undefined) return [];
  const [root, roles] = await Promise.all([
    call.readOne('Folder', call.content.rootFolder, ['effectiveRole']),
    call.readOne('AuthorizationManager', manager, ['roleList']),
  ]);
  const mine = new Set(root.props.effectiveRole ?? []);
  if (mine.size === 0) return [];
  const held = new Set(
    (roles.props.roleList ?? []).filter(({ roleId }) => mine.has(roleId)).flatMap(({ privilege }) => privilege ?? []),
  );
  return WANTED.filter(({ privilege }) => !held.has(privilege));
}
