import { describe, expect, it } from 'vitest';
import { createLogger } from '../lib/logger.ts';
import type { Reader } from './reader.ts';
import { logUserEvent } from './user-event.ts';

const vm = { type: 'VirtualMachine', value: 'vm-1' };
const silent = createLogger('silent');

function readerThat(
  call: Reader['call'],
  eventManager: unknown = { type: 'EventManager', value: 'EventManager' },
): Reader {
  return { server: 'lab', content: { eventManager }, call } as unknown as Reader;
}

describe('a user event', () => {
  it('is left on the object with the message as it is', async () => {
    const asked: unknown[] = [];
    const reader = readerThat(async (...args) => asked.push(args) as never);
    expect(await logUserEvent(reader, vm, 'alice: <power_off>', silent)).toBe('logged');
    expect(asked).toEqual([
      [
        'LogUserEvent',
        { _this: { type: 'EventManager', value: 'EventManager' }, entity: vm, msg: 'alice: <power_off>' },
      ],
    ]);
  });

  it('never fails the call that it is about', async () => {
    const refusing = readerThat(() => Promise.reject(new Error('NoPermission')));
    expect(await logUserEvent(refusing, vm, 'x', silent)).toBe('refused');
    expect(await logUserEvent({ ...refusing, content: {} } as unknown as Reader, vm, 'x', silent)).toBe('refused');
  });
});
