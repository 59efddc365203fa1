import { describe, expect, it } from 'vitest';
import { reconfigurationProblem } from './vm-reconfiguration.ts';

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
