import { describe, expect, it } from 'vitest';
import { NotPermitted } from '../../../../lab/vcenter/guest/machine.ts';
import { createProcessTable } from '../../../../lab/vcenter/guest/processes.ts';
import { createLinux } from '../../../../lab/vcenter/guest/systems/linux.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const hardware = () => ({ hostName: 'web01', osName: 'Linux', cpus: 1, memoryMb: 1024, bootTime: 0 });
const { users, daemons } = createLinux({ now: () => 0, hardware });
const [root, lab] = ['root', 'lab'].map((name) => users.find((user) => user.name === name)!) as [
  (typeof users)[number],
  (typeof users)[number],
];
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the processes of a guest', () => {
  it('are known for five minutes after their end, and then no more', async () => {
    const clock = manualClock();
    const table = createProcessTable(clock);
    table.boot(daemons, clock.now());
    const pid = table.start({ name: 'x', owner: lab, cmdLine: 'x', run: async () => 3 });
    expect(table.list().find((each) => each.pid === pid)).not.toHaveProperty('exitCode');
    await turn();
    expect(table.list().find((each) => each.pid === pid)).toMatchObject({ exitCode: 3, endTime: clock.now() });
    clock.advance(5 * 60_000 - 1);
    expect(table.list().some((each) => each.pid === pid)).toBe(true);
    clock.advance(1);
    expect(table.list().some((each) => each.pid === pid)).toBe(false);
    expect(table.list()).toHaveLength(daemons.length);
  });

  it('are ended by their owner and by root, and their program is told', async () => {
    const table = createProcessTable(manualClock());
    let ended = false;
    const run = (_: number, signal: AbortSignal) =>
      new Promise<number>(() => {
        signal.addEventListener('abort', () => {
          ended = true;
        });
      });
    const roots = table.start({ name: 'x', owner: root, cmdLine: 'x', run });
    const labs = table.start({ name: 'y', owner: lab, cmdLine: 'y', run });
    await turn();
    expect(() => table.kill(roots, lab)).toThrow(NotPermitted);
    expect(ended).toBe(false);
    expect(table.kill(roots, root)).toBe(true);
    expect(ended).toBe(true);
    expect(table.kill(labs, lab)).toBe(true);
    expect(table.kill(labs, lab)).toBe(false);
    expect(table.running()).toBe(0);
  });

  it('are gone, with what is known of them, when the machine goes off', async () => {
    const table = createProcessTable(manualClock());
    table.boot(daemons, 0);
    table.start({ name: 'x', owner: lab, cmdLine: 'x', run: async () => 0 });
    await turn();
    table.clear();
    expect(table.list()).toEqual([]);
  });

  it('that fail by a defect of their program have an exit code all the same', async () => {
    const table = createProcessTable(manualClock());
    const pid = table.start({ name: 'x', owner: lab, cmdLine: 'x', run: () => Promise.reject(new Error('broken')) });
    await turn();
    expect(table.list().find((each) => each.pid === pid)).toMatchObject({ exitCode: 137 });
  });
});
