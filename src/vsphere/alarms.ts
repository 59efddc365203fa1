/** Alarms that are raised now, anywhere in the inventory. */
import type { AlarmState } from '../vim25/generated/types.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { namesOf } from './virtual-machine.ts';

export interface RaisedAlarm {
  /** For acknowledging it. */
  readonly alarm: ManagedObjectReference;
  readonly alarmName: string;
  readonly entity: ManagedObjectReference;
  readonly entityName: string;
  /** `yellow` or `red`. */
  readonly status: string;
  /** ISO 8601 */
  readonly time: string;
  readonly acknowledged: boolean;
  readonly acknowledgedBy: string | undefined;
}

/** The root folder's triggered alarms are those of the whole inventory: three round trips at any size. */
export async function listRaisedAlarms(reader: Reader): Promise<RaisedAlarm[]> {
  const { props } = await reader.readOne('Folder', reader.content.rootFolder, ['triggeredAlarmState']);
  const states = props.triggeredAlarmState ?? [];
  const [alarms, entities] = await Promise.all([
    alarmNames(reader, states),
    namesOf(reader, distinct(states.map(({ entity }) => entity))),
  ]);
  return states.map((state) => ({
    alarm: state.alarm,
    alarmName: alarms.get(state.alarm.value) ?? state.alarm.value,
    entity: state.entity,
    entityName: entities.get(state.entity.value) ?? state.entity.value,
    status: state.overallStatus,
    time: state.time,
    acknowledged: state.acknowledged === true,
    acknowledgedBy: state.acknowledgedByUser,
  }));
}

async function alarmNames(reader: Reader, states: readonly AlarmState[]): Promise<Map<string, string>> {
  const alarms = await reader.read('Alarm', distinct(states.map(({ alarm }) => alarm)), ['info.name']);
  return new Map(alarms.map(({ ref, props }) => [ref.value, props['info.name'] ?? ref.value]));
}

function distinct(refs: readonly ManagedObjectReference[]): ManagedObjectReference[] {
  return [...new Map(refs.map((ref) => [ref.value, ref])).values()];
}
