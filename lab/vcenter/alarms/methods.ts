/** AlarmManager: what is defined, what is raised, and acknowledging it. */
import type { AlarmState } from '../../../src/vim25/generated/types.ts';
import { objectNotFound } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { World } from '../core/world.ts';
import { ALARM_DESCRIPTION, ALARMS } from './definitions.ts';

/** Before anything is in the inventory. */
export function deriveAlarms({ objects, alarms }: World): void {
  objects.derive('ManagedEntity', 'triggeredAlarmState', (entity) => alarms.raisedAt(entity));
  objects.derive('ManagedEntity', 'declaredAlarmState', (entity) => declaredAt(entity));
  objects.derive('AlarmManager', 'defaultExpression', () => ALARMS.vmCpu.expressions);
  objects.derive('AlarmManager', 'description', () => ALARM_DESCRIPTION);

  function declaredAt(entity: AnyObject): AlarmState[] {
    return alarms.watching(entity).map((alarm) => alarms.stateOf(alarm, entity));
  }
}

const TYPES: Readonly<Record<string, string>> = {
  entityTypeHost: 'HostSystem',
  entityTypeVm: 'VirtualMachine',
};

export const alarmManagerMethods: MethodTable = {
  // All of them are defined on the root folder, which is what a call without an entity asks for.
  GetAlarm: ({ world, request: { entity } }) => {
    const object = entity && world.objects.get(entity);
    if (object && object.id !== world.content.rootFolder.value) return [];
    return world.alarms.defined().map(({ ref }) => ref);
  },
  GetAlarmState: ({ world, request: { entity } }) => {
    const object: AnyObject = world.objects.get(entity);
    return world.alarms.watching(object).map((alarm) => world.alarms.stateOf(alarm, object));
  },
  AcknowledgeAlarm: ({ world, session, request }) => {
    const alarm = world.objects.get(request.alarm).as('Alarm');
    if (!alarm) throw objectNotFound(request.alarm);
    const entity: AnyObject = world.objects.get(request.entity);
    demand(session, 'Alarm.Acknowledge', entity);
    world.alarms.acknowledge(alarm, entity, session.account?.name ?? '');
  },
  ClearTriggeredAlarms: ({ world, session, request: { filter } }) => {
    demand(session, 'Alarm.SetStatus', world.objects.get(world.content.rootFolder));
    const { status = [], typeEntity } = filter;
    world.alarms.clear(
      (state, entity) =>
        (status.length === 0 || status.includes(state.overallStatus)) &&
        (typeEntity === undefined || typeEntity === 'entityTypeAll' || TYPES[typeEntity] === entity?.ref.type),
      session.account?.name ?? '',
    );
  },
  AreAlarmActionsEnabled: ({ world, request: { entity } }) =>
    world.objects.get(entity).read('alarmActionsEnabled') === true,
  EnableAlarmActions: ({ world, session, request: { entity, enabled } }) => {
    const object = world.objects.get<'ManagedEntity'>(entity);
    demand(session, 'Alarm.DisableActions', object);
    object.set({ alarmActionsEnabled: enabled });
  },
};
