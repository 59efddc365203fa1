/** The privileges that vSphere knows, as far as clients of the lab ask about them. */
import type { AuthorizationPrivilege } from '../../../src/vim25/generated/types.ts';

/** Group → names in it. */
const GROUPS: Readonly<Record<string, string>> = {
  System: 'Anonymous View Read',
  Global: 'LogEvent Diagnostics CancelTask ManageCustomFields SetCustomField Settings Licenses Health Proxy SystemTag',
  Folder: 'Create Delete Rename Move',
  Datacenter: 'Create Delete Rename Move Reconfigure IpPoolConfig',
  Datastore: 'AllocateSpace Browse Config Delete DeleteFile FileManagement Move Rename UpdateVirtualMachineFiles',
  Network: 'Assign Config Delete Move',
  DVSwitch: 'Create Modify Delete Move HostOp',
  DVPortgroup: 'Create Modify Delete',
  'Host.Config':
    'AdvancedConfig AuthenticationStore AutoStart Connection DateTime Firmware Hyperthreading Image Maintenance Memory ' +
    'NetService Network Patch PciPassthru Power Quarantine Resources Settings Snmp Storage SystemManagement SystemResources',
  'Host.Inventory':
    'AddHostToCluster AddStandaloneHost CreateCluster DeleteCluster EditCluster MoveCluster MoveHost RemoveHostFromCluster RenameCluster',
  'Host.Local': 'CreateVM DeleteVM InstallAgent ManageUserGroups ReconfigVM',
  Resource:
    'ApplyRecommendation AssignVAppToPool AssignVMToPool ColdMigrate CreatePool DeletePool EditPool HotMigrate MovePool QueryVMotion RenamePool',
  'VirtualMachine.Config':
    'AddExistingDisk AddNewDisk AddRemoveDevice AdvancedConfig Annotation CPUCount ChangeTracking DiskExtend DiskLease ' +
    'EditDevice HostUSBDevice ManagedBy Memory MksControl QueryFTCompatibility QueryUnownedFiles RawDevice ReloadFromPath ' +
    'RemoveDisk Rename ResetGuestInfo Resource Settings SwapPlacement ToggleForkParent UpgradeVirtualHardware',
  'VirtualMachine.GuestOperations': 'Execute Modify ModifyAliases Query QueryAliases',
  'VirtualMachine.Interact':
    'AnswerQuestion Backup ConsoleInteract CreateScreenshot DefragmentAllDisks DeviceConnection GuestControl Pause PowerOff ' +
    'PowerOn PutUsbScanCodes Record Replay Reset SESparseMaintenance SetCDMedia SetFloppyMedia Suspend ToolsInstall',
  'VirtualMachine.Inventory': 'Create CreateFromExisting Delete Move Register Unregister',
  'VirtualMachine.Provisioning':
    'Clone CloneTemplate CreateTemplateFromVM Customize DeployTemplate DiskRandomAccess DiskRandomRead FileRandomAccess ' +
    'GetVmFiles MarkAsTemplate MarkAsVM ModifyCustSpecs PromoteDisks PutVmFiles ReadCustSpecs',
  'VirtualMachine.State': 'CreateSnapshot RemoveSnapshot RenameSnapshot RevertToSnapshot',
  VApp:
    'ApplicationConfig AssignResourcePool AssignVApp AssignVM Clone Create Delete Export ExtractOvfEnvironment Import ' +
    'InstanceConfig ManagedByConfig Move PowerOff PowerOn Rename ResourceConfig Suspend Unregister',
  Alarm: 'Acknowledge Create Delete DisableActions Edit SetStatus',
  Task: 'Create Update',
  Performance: 'ModifyIntervals',
  Sessions: 'GlobalMessage ImpersonateUser TerminateSession ValidateSession CollectPrivilegeChecks',
  Authorization: 'ModifyPermissions ModifyRoles ModifyPrivileges ReassignRolePermissions',
  StoragePod: 'Config',
  Extension: 'Register Unregister Update',
  InventoryService:
    'Tagging.AttachTag Tagging.CreateCategory Tagging.CreateTag Tagging.DeleteCategory Tagging.DeleteTag Tagging.EditCategory Tagging.EditTag',
};

/** Creating something is a right on what it is made in. */
const ON_PARENT = /\.Create|\.Delete|\.Inventory\.|\.Assign/;

export const PRIVILEGES: readonly AuthorizationPrivilege[] = Object.entries(GROUPS).flatMap(([group, names]) =>
  names.split(' ').map((name) => ({
    privId: `${group}.${name}`,
    onParent: ON_PARENT.test(`${group}.${name}`),
    name,
    privGroupName: group,
  })),
);

export const PRIVILEGE_IDS: readonly string[] = PRIVILEGES.map(({ privId }) => privId);
