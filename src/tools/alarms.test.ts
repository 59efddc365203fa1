import { describe, expect, it } from 'vitest';
import { urgencyKey } from './alarms.ts';
import { page } from './page.ts';

const raised = (status: string, time: string, id = 'alarm-1', entity = 'vm-1') => ({
  status,
  time,
  alarm: { type: 'Alarm', value: id },
  entity: { type: 'VirtualMachine', value: entity },
});

describe('urgencyKey', () => {
  it('puts red before yellow, and the newest first', () => {
    const alarms = [
      raised('yellow', '2026-03-01T00:00:00Z'),
      raised('green', '2026-03-05T00:00:00Z'),
      raised('red', '2026-01-01T00:00:00Z'),
      raised('red', '2026-02-01T00:00:00Z'),
      raised('red', 'not a time'),
    ];
    const { items } = page('alarms', alarms, urgencyKey, { limit: 10 });
    expect(items.map(({ status, time }) => `${status} ${time}`)).toEqual([
      'red 2026-02-01T00:00:00Z',
      'red 2026-01-01T00:00:00Z',
      'red not a time',
      'yellow 2026-03-01T00:00:00Z',
      'green 2026-03-05T00:00:00Z',
    ]);
  });

  it('tells alarms of the same moment apart', () => {
    const at = '2026-01-01T00:00:00Z';
    const keys = [raised('red', at), raised('red', at, 'alarm-2'), raised('red', at, 'alarm-1', 'vm-2')].map(
      urgencyKey,
    );
    expect(new Set(keys).size).toBe(3);
  });
});
