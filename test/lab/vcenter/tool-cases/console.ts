import { expect } from 'vitest';
import { pictureOf } from '../../../../lab/vcenter/screen/console-picture.ts';
import { encodePng } from '../../../../lab/vcenter/screen/png.ts';
import type { Picture } from '../../../../src/tools/tool.ts';
import { refOf, type ToolCases } from './case.ts';

export const consoleCases: ToolCases = {
  wait_for_vm_tools: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const guest = vm.get('guest')!;
      vm.set({ guest: { ...guest, toolsStatus: 'toolsNotRunning', toolsRunningStatus: 'guestToolsNotRunning' } });
      const told: string[] = [];
      const onProgress = (_: number, message: string) => {
        told.push(message);
        // The guest comes up while the tool waits.
        vm.set({ guest: { ...guest, toolsStatus: 'toolsOld' } });
      };
      const said = await stage.run('wait_for_vm_tools', { name: vm.id, timeout: 60 }, { onProgress });
      expect(told).toContain('VMware Tools: toolsNotRunning');
      expect(said).toMatchObject({
        vm: refOf(vm),
        status: 'ready',
        tools_status: 'toolsOld',
        tools_running_status: 'guestToolsRunning',
        ip_address: guest.ipAddress,
        hostname: guest.hostName,
      });
    },
    fails: {
      args: (stage) => ({ name: stage.vm('poweredOff').id }),
      code: 'INVALID_STATE',
      says: /is poweredOff: power_on/,
    },
    denied: { args: (stage) => ({ name: stage.vm('poweredOn').id }) },
  },
  vm_screenshot: {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      const pictures: Picture[] = [];
      const onPicture = (picture: Picture) => pictures.push(picture);
      const said = await stage.run('vm_screenshot', { name: vm.id, width: 320, height: 200 }, { onPicture });
      expect(said).toMatchObject({ vm: refOf(vm), content_type: 'image/png', width: 320, height: 200 });
      expect(JSON.stringify(said).length).toBeLessThan(500);
      expect(pictures).toHaveLength(1);
      expect(Buffer.from(pictures[0]!.bytes)).toEqual(encodePng(pictureOf(vm, { width: 320, height: 200 })));
      expect(pictures[0]!.bytes).toHaveLength(said.size_bytes);
    },
    fails: {
      args: (stage) => ({ name: stage.vm('poweredOff').id }),
      code: 'INVALID_STATE',
      says: /is poweredOff: it has no screen; power_on/,
    },
    denied: {
      args: (stage) => ({ name: stage.vm('poweredOn').id }),
      without: 'VirtualMachine.Interact.CreateScreenshot',
    },
  },
};
