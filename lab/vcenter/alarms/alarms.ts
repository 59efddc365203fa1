/** Which alarms are raised where, and who has acknowledged them. */
import type { AlarmState, ManagedEntityStatus } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { everythingAbove } from '../history/places.ts';
import { ALARMS, type AlarmDefinition, type AlarmName, expressionOf } from './definitions.ts';

export type Alarm = ManagedObject<'Alarm'>;

export interface Alarms {
  /** All, in the order of their ids. */
  defined(): readonly Alarm[];
  /** Those that watch objects of this one's type. */
  watching(entity: AnyObject): readonly Alarm[];
  stateOf(alarm: Alarm, entity: AnyObject): AlarmState;
  /** Raised on the object and on what is below it. */
  raisedAt(entity: AnyObject): readonly AlarmState[];
  /** Green clears it. `at`: milliseconds since the epoch, for what was before the lab began; now where it is left out. */
  set(name: AlarmName, entity: AnyObject, status: ManagedEntityStatus, at?: number): void;
  /** Errors: InvalidArgument where it is not raised there. */
  acknowledge(alarm: Alarm, entity: AnyObject, user: string): void;
  /** Those that fit, whatever the object is like; returns how many. */
  clear(fits: (state: AlarmState, entity: AnyObject | undefined) => boolean, user: string): number;
}

interface Raised {
  readonly alarm: Alarm;
  readonly entity: AnyObject;
  readonly state: AlarmState;
}

/** Before anything is in the inventory. */
export function createAlarms(world: Pick<World, 'kind' | 'objects' | 'clock' | 'events' | 'content'>): Alarms {
  const { objects, clock, events, content } = world;
  const byName = new Map<AlarmName, Alarm>();
  if (world.kind === 'vcenter') define(world, byName);
  const typeOf = new Map([...byName].map(([name, alarm]) => [alarm, ALARMS[name].type as string]));
  const raised = new Map<string, Raised>();
  const started = iso(clock.now());

  const keyOf = (alarm: AnyObject, entity: AnyObject) => `${alarm.id}.${entity.id}`;
  const touch = (entity: AnyObject) => {
    entity.touch();
    for (const above of everythingAbove(entity, objects)) above.touch();
  };
  const post = (
    $type: 'AlarmStatusChangedEvent' | 'AlarmAcknowledgedEvent' | 'AlarmClearedEvent',
    { alarm, entity, state }: Raised,
    { user = '', from = 'green', at }: { user?: string; from?: string; at?: number | undefined },
  ) => {
    const [name, on] = [alarm.get('info').name, String(entity.read('name'))];
    const status = state.overallStatus;
    const sentences = {
      AlarmStatusChangedEvent: `Alarm '${name}' on ${on} changed from ${word(from)} to ${word(status)}`,
      AlarmAcknowledgedEvent: `Acknowledged alarm '${name}' on ${on}`,
      AlarmClearedEvent: `Manually cleared alarm '${name}' on ${on} from ${word(from)}`,
    };
    const root = objects.find(content.rootFolder);
    return events.post($type, {
      user,
      entity,
      message: sentences[$type],
      ...(at !== undefined && { at }),
      fields: {
        alarm: { name, alarm: alarm.ref },
        source: { name: String(root?.read('name') ?? ''), entity: content.rootFolder },
        entity: { name: on, entity: entity.ref },
        ...($type === 'AlarmStatusChangedEvent' && { from, to: status }),
        ...($type === 'AlarmClearedEvent' && { from }),
      },
    });
  };
  objects.watch((object, kind) => {
    if (kind !== 'leave') return;
    for (const [key, { entity }] of raised) if (entity === object) raised.delete(key);
  });

  return {
    defined: () => [...byName.values()],
    watching: (entity) => [...byName.values()].filter((alarm) => typeOf.get(alarm) === entity.ref.type),
    stateOf: (alarm, entity) =>
      raised.get(keyOf(alarm, entity))?.state ?? {
        key: keyOf(alarm, entity),
        entity: entity.ref,
        alarm: alarm.ref,
        overallStatus: 'green',
        time: started,
        acknowledged: false,
        disabled: false,
      },
    raisedAt: (entity) =>
      [...raised.values()]
        .filter(
          (each) =>
            each.entity === entity || (mayHold(entity) && everythingAbove(each.entity, objects).includes(entity)),
        )
        .map(({ state }) => state),
    set(name, entity, overallStatus, at) {
      const alarm = byName.get(name);
      if (!alarm) return;
      const key = keyOf(alarm, entity);
      const before = raised.get(key);
      const from = before?.state.overallStatus ?? 'green';
      if (from === overallStatus) return;
      const state: AlarmState = {
        key,
        entity: entity.ref,
        alarm: alarm.ref,
        overallStatus,
        time: iso(at ?? clock.now()),
        acknowledged: false,
        disabled: false,
      };
      const { key: eventKey } = post('AlarmStatusChangedEvent', { alarm, entity, state }, { from, at });
      if (overallStatus === 'green') raised.delete(key);
      else raised.set(key, { alarm, entity, state: { ...state, ...(at === undefined && { eventKey }) } });
      touch(entity);
    },
    acknowledge(alarm, entity, user) {
      const key = keyOf(alarm, entity);
      const found = raised.get(key);
      if (!found) throw invalidArgument('entity');
      if (found.state.acknowledged) return;
      const acknowledgedTime = iso(clock.now());
      raised.set(key, {
        ...found,
        state: { ...found.state, acknowledged: true, acknowledgedByUser: user, acknowledgedTime },
      });
      post('AlarmAcknowledgedEvent', found, { user });
      touch(entity);
    },
    clear(fits, user) {
      const cleared = [...raised].filter(([, { state, entity }]) => fits(state, entity));
      for (const [key, found] of cleared) {
        raised.delete(key);
        post('AlarmClearedEvent', found, { user, from: found.state.overallStatus });
        touch(found.entity);
      }
      return cleared.length;
    },
  };
}

function define(
  { objects, clock, content }: Pick<World, 'objects' | 'clock' | 'content'>,
  byName: Map<AlarmName, Alarm>,
): void {
  const lastModifiedTime = iso(clock.now());
  for (const [name, definition] of Object.entries(ALARMS) as [AlarmName, AlarmDefinition][]) {
    const id = `alarm-${byName.size + 1}`;
    const alarm: ManagedObjectReference = { type: 'Alarm', value: id };
    const info = {
      key: id,
      alarm,
      entity: content.rootFolder,
      name: definition.name,
      systemName: definition.systemName,
      description: definition.description,
      enabled: true,
      expression: expressionOf(definition),
      setting: { toleranceRange: 0, reportingFrequency: 300 },
      lastModifiedTime,
      lastModifiedUser: '',
      creationEventId: 0,
    };
    byName.set(name, objects.add('Alarm', { info, value: [], availableField: [] }, id));
  }
}

/** Only these have something below them: the many others are not searched. */
function mayHold({ ref: { type } }: AnyObject): boolean {
  return !['VirtualMachine', 'Datastore', 'Network', 'DistributedVirtualPortgroup'].includes(type);
}

function word(status: string): string {
  return status[0]!.toUpperCase() + status.slice(1);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
