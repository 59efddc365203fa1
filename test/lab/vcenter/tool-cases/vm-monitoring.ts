import { expect } from 'vitest';
import { missing, refOf, type ToolCases } from './case.ts';

export const vmMonitoringCases: ToolCases = {
  get_vm_stats: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const said = await stage.run('get_vm_stats', { name: vm.id });
      expect(said).toMatchObject({ ...refOf(vm), power_state: 'poweredOn' });
      expect(said.cpu_usage_mhz).toBeGreaterThan(0);
      expect(said.memory_usage_mb).toBeGreaterThan(0);
      expect(said.memory_usage_mb).toBeLessThanOrEqual(vm.get('config')!.hardware.memoryMB);
      expect(said.uptime_seconds).toBeGreaterThan(0);
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: stage.vm('poweredOn').id }) },
  },
  get_vm_tools_status: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const guest = vm.get('guest');
      expect(await stage.run('get_vm_tools_status', { name: vm.id })).toMatchObject({
        tools_running_status: guest?.toolsRunningStatus,
        tools_version_status: guest?.toolsVersionStatus2,
        ip_address: guest?.ipAddress,
        hostname: guest?.hostName,
      });
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: stage.vm('poweredOn').id }) },
  },
};
