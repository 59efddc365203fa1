import { z } from 'zod';
import { listRaisedAlarms, type RaisedAlarm } from '../vsphere/alarms.ts';
import { cursor, limit } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool } from './tool.ts';

export const getAlarms = defineTool({
  name: 'get_alarms',
  title: 'Get alarms',
  description:
    'The alarms that are raised now, anywhere on one server, red before yellow and newest first, and whether somebody has acknowledged them. What happened before is in list_recent_events.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: {
    alarms: z.array(
      z.object({
        alarm: z.string(),
        alarm_id: z.string(),
        entity: z.string(),
        entity_id: z.string(),
        entity_type: z.string(),
        status: z.string().describe('red, yellow, green or gray'),
        time: z.string(),
        acknowledged: z.boolean(),
        acknowledged_by: z.string().optional(),
      }),
    ),
    ...pageFields,
  },
  async handler(given, { vsphere }) {
    const { items, ...rest } = page('alarms', await listRaisedAlarms(vsphere), urgencyKey, given);
    return {
      alarms: items.map((raised) => ({
        alarm: raised.alarmName,
        alarm_id: raised.alarm.value,
        entity: raised.entityName,
        entity_id: raised.entity.value,
        entity_type: raised.entity.type,
        status: raised.status,
        time: raised.time,
        acknowledged: raised.acknowledged,
        acknowledged_by: raised.acknowledgedBy,
      })),
      ...rest,
    };
  },
});

const URGENCY: Readonly<Record<string, string>> = { red: '0', yellow: '1' };
const FAR_FUTURE_MS = 1e14;

/** Sorts by urgency, then the newest first, and is unique: an alarm is raised once on an object. */
export function urgencyKey({ status, time, alarm, entity }: Pick<RaisedAlarm, 'status' | 'time' | 'alarm' | 'entity'>) {
  const since = Date.parse(time);
  const age = Math.trunc(FAR_FUTURE_MS - (Number.isNaN(since) ? 0 : since));
  return [URGENCY[status] ?? '2', String(age).padStart(15, '0'), entity.value, alarm.value].join('\0');
}
