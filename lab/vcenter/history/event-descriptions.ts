/** EventManager.description: the classes of events by their category, and how clients may word them. */
import type { Event, EventDescription } from '../../../src/vim25/generated/types.ts';
import { isSubtype } from '../../../src/vim25/schema.ts';

type Category = 'info' | 'warning' | 'error' | 'user';
type Row = readonly [type: string, category: Category, description: string, format: string];

const ON_VM = '{vm.name} on {host.name} in {datacenter.name}';
const ON_HOST = '{host.name} in {datacenter.name}';

const ROWS: readonly Row[] = [
  ['VmStartingEvent', 'info', 'VM starting', `${ON_VM} is starting`],
  ['VmPoweredOnEvent', 'info', 'VM powered on', `${ON_VM} is powered on`],
  ['DrsVmPoweredOnEvent', 'info', 'DRS VM powered on', `DRS powered on ${ON_VM}`],
  ['VmFailedToPowerOnEvent', 'error', 'Cannot power on VM', `Cannot power on ${ON_VM}`],
  ['VmStoppingEvent', 'info', 'VM stopping', `${ON_VM} is stopping`],
  ['VmPoweredOffEvent', 'info', 'VM powered off', `${ON_VM} is powered off`],
  ['VmSuspendingEvent', 'info', 'VM being suspended', `${ON_VM} is being suspended`],
  ['VmSuspendedEvent', 'info', 'VM suspended', `${ON_VM} is suspended`],
  ['VmResumingEvent', 'info', 'VM resuming', `${ON_VM} is resumed`],
  ['VmResettingEvent', 'info', 'VM resetting', `${ON_VM} is reset`],
  ['VmGuestShutdownEvent', 'info', 'Guest OS shut down', `Guest OS shut down for ${ON_VM}`],
  ['VmGuestRebootEvent', 'info', 'Guest reboot', `Guest OS reboot for ${ON_VM}`],
  ['VmGuestStandbyEvent', 'info', 'Guest standby', `Guest OS standby for ${ON_VM}`],
  ['VmBeingCreatedEvent', 'info', 'Creating VM', `Creating ${ON_VM}`],
  ['VmCreatedEvent', 'info', 'VM created', `Created virtual machine ${ON_VM}`],
  ['VmBeingClonedEvent', 'info', 'VM being cloned', `Cloning ${ON_VM}`],
  ['VmClonedEvent', 'info', 'VM cloned', `${ON_VM} was cloned`],
  ['VmBeingDeployedEvent', 'info', 'Deploying VM', `Deploying ${ON_VM}`],
  ['VmDeployedEvent', 'info', 'VM deployed', `${ON_VM} was deployed`],
  ['VmRegisteredEvent', 'info', 'VM registered', `Registered ${ON_VM}`],
  ['VmRemovedEvent', 'info', 'VM removed', `Removed ${ON_VM}`],
  ['VmReconfiguredEvent', 'info', 'VM reconfigured', `Reconfigured ${ON_VM}`],
  ['VmResourceReallocatedEvent', 'info', 'VM resource reallocated', `Changed resource allocation of ${ON_VM}`],
  ['VmRenamedEvent', 'info', 'VM renamed', `Renamed ${ON_VM}`],
  ['VmBeingMigratedEvent', 'info', 'VM migrating', `Relocating ${ON_VM}`],
  ['VmBeingHotMigratedEvent', 'info', 'VM is hot migrating', `Migrating ${ON_VM}`],
  ['VmBeingRelocatedEvent', 'info', 'VM relocating', `Relocating ${ON_VM}`],
  ['VmMigratedEvent', 'info', 'VM migrated', `Migration of ${ON_VM} completed`],
  ['VmRelocatedEvent', 'info', 'VM relocated', `Completed the relocation of ${ON_VM}`],
  ['DrsVmMigratedEvent', 'info', 'DRS VM migrated', `DRS migrated ${ON_VM}`],
  ['VmDisconnectedEvent', 'info', 'VM disconnected', `${ON_VM} is disconnected`],
  ['VmConnectedEvent', 'info', 'VM connected', `${ON_VM} is connected`],
  ['VmMessageEvent', 'info', 'VM information message', `Message on ${ON_VM}`],
  ['VmMacAssignedEvent', 'info', 'VM MAC assigned', `New MAC address assigned for ${ON_VM}`],
  ['VmUuidAssignedEvent', 'info', 'VM UUID assigned', `Assigned new BIOS UUID to ${ON_VM}`],
  ['VmInstanceUuidAssignedEvent', 'info', 'VM instance UUID assigned', `Assigned new instance UUID to ${ON_VM}`],
  ['VmDiskFailedEvent', 'error', 'Cannot create VM disk', `Cannot create a disk of ${ON_VM}`],
  ['HostConnectedEvent', 'info', 'Host connected', `Connected to ${ON_HOST}`],
  ['HostDisconnectedEvent', 'info', 'Host disconnected', `Disconnected from ${ON_HOST}`],
  ['HostConnectionLostEvent', 'error', 'Host connection lost', `Host ${ON_HOST} is not responding`],
  ['HostShutdownEvent', 'info', 'Host shut down', `Shut down of ${ON_HOST}: {reason}`],
  [
    'EnteringMaintenanceModeEvent',
    'info',
    'Entering maintenance mode',
    `Host ${ON_HOST} has started to enter maintenance mode`,
  ],
  ['EnteredMaintenanceModeEvent', 'info', 'Entered maintenance mode', `Host ${ON_HOST} has entered maintenance mode`],
  ['ExitMaintenanceModeEvent', 'info', 'Exit maintenance mode', `Host ${ON_HOST} has exited maintenance mode`],
  [
    'CanceledHostOperationEvent',
    'info',
    'Canceled host operation',
    `The operation performed on host ${ON_HOST} was canceled`,
  ],
  [
    'AlarmStatusChangedEvent',
    'info',
    'Alarm status changed',
    "Alarm '{alarm.name}' on {entity.name} changed from {from} to {to}",
  ],
  ['AlarmAcknowledgedEvent', 'info', 'Alarm acknowledged', "Acknowledged alarm '{alarm.name}' on {entity.name}"],
  ['AlarmClearedEvent', 'info', 'Alarm cleared', "Manually cleared alarm '{alarm.name}' on {entity.name}"],
  ['UserLoginSessionEvent', 'info', 'User login', 'User {userName}@{ipAddress} logged in as {userAgent}'],
  ['UserLogoutSessionEvent', 'info', 'User logout', 'User {userName}@{ipAddress} logged out'],
  ['BadUsernameSessionEvent', 'error', 'Invalid user name', 'Cannot login {userName}@{ipAddress}'],
  ['GeneralUserEvent', 'user', 'General user event', 'User logged event: {message}'],
  ['TaskEvent', 'info', 'Task event', 'Task: {info.descriptionId}'],
  ['CustomFieldDefAddedEvent', 'info', 'Custom field definition added', 'Created new custom field definition {name}'],
  ['CustomFieldDefRemovedEvent', 'info', 'Custom field definition removed', 'Removed field definition {name}'],
  [
    'CustomFieldDefRenamedEvent',
    'info',
    'Custom field definition renamed',
    'Renamed field definition from {name} to {newName}',
  ],
  [
    'CustomFieldValueChangedEvent',
    'info',
    'Custom field value changed',
    'Changed custom field {name} on {entity.name} to {value}',
  ],
  [
    'DatastoreFileDeletedEvent',
    'info',
    'File or directory deleted',
    'Deletion of {targetFile} from {ds.name} was initiated',
  ],
  ['DatastoreFileCopiedEvent', 'info', 'File or directory copied', 'Copy of {sourceFile} to {targetFile}'],
  ['DatastoreFileMovedEvent', 'info', 'File or directory moved', 'Move of {sourceFile} to {targetFile}'],
  ['EventEx', 'info', 'Extended event', '{message}'],
];

const CATEGORIES: ReadonlyMap<string, Category> = new Map(ROWS.map(([type, category]) => [type, category]));

/** `info`, `warning`, `error` or `user`. An extended event says it itself. */
export function categoryOf(event: Event): string {
  const { severity } = event as { severity?: string };
  if (severity !== undefined) return severity;
  const type = event.$type ?? 'Event';
  return CATEGORIES.get(type) ?? (isSubtype(type, 'Event') && /Failed|Lost|Bad/.test(type) ? 'error' : 'info');
}

export const EVENT_DESCRIPTION: EventDescription = {
  category: [
    { key: 'info', label: 'Information', summary: 'Information' },
    { key: 'warning', label: 'Warning', summary: 'Warning' },
    { key: 'error', label: 'Error', summary: 'Error' },
    { key: 'user', label: 'User', summary: 'User' },
  ],
  eventInfo: ROWS.map(([key, category, description, fullFormat]) => ({
    key,
    description,
    category,
    formatOnDatacenter: fullFormat,
    formatOnComputeResource: fullFormat,
    formatOnHost: fullFormat,
    formatOnVm: fullFormat,
    fullFormat,
  })),
};
