import { describe, expect, it } from 'vitest';
import type { Reader } from './reader.ts';
import { reconfigurationProblem, requireReconfigurable } from './vm-reconfiguration.ts';

const running = {
  running: true,
  cpu: 4,
  coresPerSocket: 1,
  memoryMb: 4096,
  cpuHotAdd: false,
  cpuHotRemove: false,
  memoryHotAdd: false,
};

describe('reconfigurationProblem', () => {
  it('lets a VM that is off become larger and smaller', () => {
    const off = { ...running, running: false };
    expect(reconfigurationProblem(off, { cpu: 8, memoryMb: 8192 })).toBeUndefined();
    expect(reconfigurationProblem(off, { cpu: 1, memoryMb: 1024 })).toBeUndefined();
  });

  it.each([
    [{ cpu: 8 }, /CPU hot add/],
    [{ cpu: 2 }, /CPU hot remove/],
    [{ memoryMb: 8192 }, /memory hot add/],
    [{ memoryMb: 1024 }, /never taken/],
  ])('refuses a running VM %o', (change, problem) => {
    expect(reconfigurationProblem(running, change)).toMatch(problem);
  });

  it('lets a running VM take what it can hot add', () => {
    const hot = { ...running, cpuHotAdd: true, cpuHotRemove: true, memoryHotAdd: true };
    expect(reconfigurationProblem(hot, { cpu: 8, memoryMb: 8192 })).toBeUndefined();
    expect(reconfigurationProblem(hot, { cpu: 2 })).toBeUndefined();
    expect(reconfigurationProblem(hot, { memoryMb: 1024 })).toMatch(/never taken/);
  });

  it('has nothing against what changes nothing', () => {
    expect(reconfigurationProblem(running, { cpu: 4, memoryMb: 4096 })).toBeUndefined();
    expect(reconfigurationProblem({ ...running, cpu: 3, coresPerSocket: 2 }, { cpu: 3 })).toBeUndefined();
  });

  it('keeps sockets whole', () => {
    const sockets = { ...running, running: false, coresPerSocket: 2 };
    expect(reconfigurationProblem(sockets, { cpu: 3 })).toMatch(/2 cores per socket/);
    expect(reconfigurationProblem(sockets, { cpu: 6 })).toBeUndefined();
  });
});

// The simulator has neither sockets of several cores nor those that vSphere 8 divides itself.
describe('requireReconfigurable', () => {
  const vm = {
    ref: { type: 'VirtualMachine', value: 'vm-1' },
    type: 'VirtualMachine',
    id: 'vm-1',
    name: 'a',
    path: '/a',
  };
  const reader = (hardware: Record<string, unknown>) =>
    ({
      readOne: async () => ({ props: { 'runtime.powerState': 'poweredOff', 'config.hardware': hardware } }),
    }) as unknown as Reader;

  it('names the VM that cannot change', async () => {
    const hardware = { numCPU: 4, numCoresPerSocket: 4, memoryMB: 64 };
    await expect(requireReconfigurable(reader(hardware), vm, { cpu: 6 })).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: '"a" has 4 cores per socket: cpu must be a multiple of that.',
    });
  });

  it('leaves the division into sockets to vSphere where that divides', async () => {
    const hardware = { numCPU: 4, numCoresPerSocket: 4, autoCoresPerSocket: true, memoryMB: 64 };
    await expect(requireReconfigurable(reader(hardware), vm, { cpu: 6 })).resolves.toBeUndefined();
  });
});
