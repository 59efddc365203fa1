/** The alarms that every vCenter comes with, as far as something in the lab can raise them. */
import type {
  AlarmDescription,
  AlarmExpression,
  EventAlarmExpression,
  MetricAlarmExpression,
  OrAlarmExpression,
  StateAlarmExpression,
} from '../../../src/vim25/generated/types.ts';

export interface AlarmDefinition {
  readonly name: string;
  readonly systemName: string;
  readonly description: string;
  /** The type of object that it watches. */
  readonly type: 'HostSystem' | 'VirtualMachine' | 'Datastore' | 'ClusterComputeResource';
  readonly expressions: readonly AlarmExpression[];
}

type Watched = AlarmDefinition['type'];

/** Counters by the ids that vCenter gives them. */
const COUNTER = { cpuUsage: 2, memoryUsage: 24, diskLatency: 133 } as const;

/** Hundredths of a percent (milliseconds of latency); seconds that it has to last. */
function above(
  type: Watched,
  counterId: number,
  { yellow, red, seconds = 300 }: { yellow: number; red: number; seconds?: number },
): MetricAlarmExpression {
  return {
    $type: 'MetricAlarmExpression',
    operator: 'isAbove',
    type,
    metric: { counterId, instance: '' },
    yellow,
    yellowInterval: seconds,
    red,
    redInterval: seconds,
  };
}

function state(type: Watched, statePath: string, red: string): StateAlarmExpression {
  return { $type: 'StateAlarmExpression', operator: 'isEqual', type, statePath, red };
}

function event(objectType: Watched, eventTypeId: string, status: 'red' | 'yellow' | 'green'): EventAlarmExpression {
  const extended = eventTypeId.includes('.');
  return {
    $type: 'EventAlarmExpression',
    eventType: extended ? 'EventEx' : eventTypeId,
    eventTypeId: extended ? eventTypeId : `vim.event.${eventTypeId}`,
    objectType,
    status,
  };
}

function define(
  type: Watched,
  systemName: string,
  name: string,
  description: string,
  ...expressions: AlarmExpression[]
): AlarmDefinition {
  return { name, systemName: `alarm.${systemName}`, description, type, expressions };
}

export const ALARMS = {
  hostConnection: define(
    'HostSystem',
    'HostConnectionStateAlarm',
    'Host connection and power state',
    'Default alarm to monitor host connection and power state',
    state('HostSystem', 'runtime.connectionState', 'notResponding'),
  ),
  hostCpu: define(
    'HostSystem',
    'HostCPUUsageAlarm',
    'Host CPU usage',
    'Default alarm to monitor host CPU usage',
    above('HostSystem', COUNTER.cpuUsage, { yellow: 7500, red: 9000 }),
  ),
  hostMemory: define(
    'HostSystem',
    'HostMemoryUsageAlarm',
    'Host memory usage',
    'Default alarm to monitor host memory usage',
    above('HostSystem', COUNTER.memoryUsage, { yellow: 9000, red: 9500 }),
  ),
  hostSsh: define(
    'HostSystem',
    'HostSshEnabledAlarm',
    'SSH access enabled on a host',
    'Alarm to monitor whether SSH is open on a host',
    event('HostSystem', 'esx.audit.ssh.enabled', 'yellow'),
    event('HostSystem', 'esx.audit.ssh.disabled', 'green'),
  ),
  hostError: define(
    'HostSystem',
    'HostErrorAlarm',
    'Host error',
    'Default alarm to monitor host error and warning events',
    event('HostSystem', 'HostConnectionLostEvent', 'red'),
  ),
  vmCpu: define(
    'VirtualMachine',
    'VmCPUUsageAlarm',
    'Virtual machine CPU usage',
    'Default alarm to monitor virtual machine CPU usage',
    above('VirtualMachine', COUNTER.cpuUsage, { yellow: 7500, red: 9000 }),
  ),
  vmMemory: define(
    'VirtualMachine',
    'VmMemoryUsageAlarm',
    'Virtual machine memory usage',
    'Default alarm to monitor virtual machine memory usage',
    above('VirtualMachine', COUNTER.memoryUsage, { yellow: 8500, red: 9500, seconds: 600 }),
  ),
  vmLatency: define(
    'VirtualMachine',
    'VmTotalDiskLatencyAlarm',
    'Virtual machine total disk latency',
    'Default alarm to monitor virtual machine total disk latency',
    above('VirtualMachine', COUNTER.diskLatency, { yellow: 50, red: 75 }),
  ),
  vmConsolidation: define(
    'VirtualMachine',
    'VmDiskConsolidationNeededAlarm',
    'Virtual machine Consolidation Needed status',
    'Default alarm that is triggered when VM consolidation needed status is set',
    state('VirtualMachine', 'runtime.consolidationNeeded', 'true'),
  ),
  vmError: define(
    'VirtualMachine',
    'VmErrorAlarm',
    'Virtual machine error',
    'Default alarm to monitor virtual machine error and warning events',
    event('VirtualMachine', 'VmFailedToPowerOnEvent', 'red'),
  ),
  datastoreUsage: define(
    'Datastore',
    'DatastoreDiskUsageAlarm',
    'Datastore usage on disk',
    'Default alarm to monitor datastore disk usage',
    // Counter 281, disk.used, as a part of 283, disk.capacity.
    above('Datastore', 281, { yellow: 7500, red: 8500, seconds: 0 }),
  ),
  datastoreAccess: define(
    'Datastore',
    'DatastoreStateAlarm',
    'Cannot connect to storage',
    'Default alarm to monitor host connectivity to storage device',
    state('Datastore', 'summary.accessible', 'false'),
  ),
  clusterHa: define(
    'ClusterComputeResource',
    'InsufficientFailoverResourcesAlarm',
    'Insufficient vSphere HA failover resources',
    'Default alarm to alert when there are insufficient cluster resources for vSphere HA to guarantee failover',
    event('ClusterComputeResource', 'com.vmware.vc.HA.InsufficientFailoverLevel', 'red'),
  ),
} as const satisfies Readonly<Record<string, AlarmDefinition>>;

export type AlarmName = keyof typeof ALARMS;

export function expressionOf({ expressions }: AlarmDefinition): OrAlarmExpression {
  return { $type: 'OrAlarmExpression', expression: expressions };
}

const described = (key: string, label: string) => ({ key, label, summary: label });

export const ALARM_DESCRIPTION: AlarmDescription = {
  expr: [
    described('AndAlarmExpression', 'And'),
    described('OrAlarmExpression', 'Or'),
    described('StateAlarmExpression', 'State'),
    described('EventAlarmExpression', 'Event'),
    described('MetricAlarmExpression', 'Metric'),
  ],
  stateOperator: [described('isEqual', 'Is equal to'), described('isUnequal', 'Is not equal to')],
  metricOperator: [described('isAbove', 'Is above'), described('isBelow', 'Is below')],
  hostSystemConnectionState: [
    described('connected', 'Connected'),
    described('disconnected', 'Disconnected'),
    described('notResponding', 'Not responding'),
  ],
  virtualMachinePowerState: [
    described('poweredOff', 'Powered off'),
    described('poweredOn', 'Powered on'),
    described('suspended', 'Suspended'),
  ],
  datastoreConnectionState: [described('true', 'Connected to all hosts'), described('false', 'Disconnected')],
  hostSystemPowerState: [
    described('poweredOff', 'Powered off'),
    described('poweredOn', 'Powered on'),
    described('standBy', 'Standby'),
    described('unknown', 'Unknown'),
  ],
  virtualMachineGuestHeartbeatStatus: [
    described('gray', 'No heartbeat'),
    described('red', 'No heartbeat for a while'),
    described('yellow', 'Intermittent heartbeat'),
    described('green', 'Normal'),
  ],
  entityStatus: [
    described('gray', 'Gray'),
    described('green', 'Green'),
    described('yellow', 'Yellow'),
    described('red', 'Red'),
  ],
  action: [
    described('SendEmailAction', 'Send email'),
    described('SendSNMPAction', 'Send SNMP trap'),
    described('RunScriptAction', 'Run script'),
  ],
};
