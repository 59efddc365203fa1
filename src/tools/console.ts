/** What goes on inside a VM while it starts: its VMware Tools, and its screen. */
import { z } from 'zod';
import { quoted } from '../vsphere/names.ts';
import { takeScreenshot } from '../vsphere/screenshot.ts';
import { readVmState, requireNotTemplate, requirePowerState } from '../vsphere/vm-state.ts';
import { objectRef, toObjectRef, vmName } from './fields.ts';
import { defineTool, type ServerContext } from './tool.ts';

const text = z.string().optional();

const LONGEST_SECONDS = 30 * 60;
const GRACE_SECONDS = 60;

export const waitForVmTools = defineTool({
  name: 'wait_for_vm_tools',
  title: 'Wait for VMware Tools',
  description:
    'Wait until VMware Tools run in a VM that starts, so that guest tools and shutdown_guest work. That the time is over is a result, status timeout. For how they are now: get_vm_tools_status.',
  permission: 'READ_ONLY',
  effect: 'read',
  deadlineSeconds: LONGEST_SECONDS + GRACE_SECONDS,
  input: {
    name: vmName,
    timeout: z.int().min(1).max(LONGEST_SECONDS).default(120).describe('Seconds.'),
    poll_interval: z.int().min(1).max(LONGEST_SECONDS).default(5).describe('Ignored: vSphere tells at once.'),
  },
  output: {
    vm: objectRef,
    status: z.enum(['ready', 'timeout']),
    tools_status: text,
    tools_version: text,
    tools_running_status: text,
    ip_address: text,
    hostname: text,
    guest_os: text,
    wait_time_seconds: z.number(),
    message: z.string(),
  },
  target: ({ name }) => name,
  async handler({ name, timeout }, context) {
    const vm = await runningVm(name, context, 'power_on starts it; its VMware Tools run only then.');
    const { ready, tools, waitedSeconds } = await context.vsphere.waitForTools(vm, {
      timeoutSeconds: timeout,
      onChange: ({ status }) => context.progress(undefined, `VMware Tools: ${status ?? 'unknown'}`),
    });
    return {
      vm: toObjectRef(vm),
      status: ready ? ('ready' as const) : ('timeout' as const),
      tools_status: tools.status,
      tools_version: tools.version,
      tools_running_status: tools.runningStatus,
      ip_address: tools.ipAddress,
      hostname: tools.hostname,
      guest_os: tools.guestOs,
      wait_time_seconds: waitedSeconds,
      message: ready
        ? `VMware Tools run in ${quoted(vm.name)}.`
        : `VMware Tools do not run in ${quoted(vm.name)} after ${timeout} s. ${adviceOn(tools.status)}`,
    };
  },
});

function adviceOn(status: string | undefined): string {
  return status === 'toolsNotInstalled'
    ? 'They are not installed there: waiting longer does not help.'
    : 'vm_screenshot shows how far its guest has come.';
}

/** Pixels. What is larger costs a model more than it shows. */
const side = z.int().min(64).max(2048).optional();

export const vmScreenshot = defineTool({
  name: 'vm_screenshot',
  title: 'Take VM screenshot',
  description:
    'A picture of what is on the screen of a running VM: a boot that hangs, a login prompt, an installer. Needs no VMware Tools. width or height alone keeps the proportions.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { name: vmName, width: side, height: side },
  output: {
    vm: objectRef,
    content_type: z.string(),
    size_bytes: z.int(),
    width: z.int(),
    height: z.int(),
  },
  target: ({ name }) => name,
  async handler({ name, width, height }, context) {
    const vm = await runningVm(name, context, 'it has no screen; power_on starts it.');
    const { contentType, bytes, ...size } = await takeScreenshot(context.vsphere, vm, { width, height });
    context.show({ mimeType: contentType, bytes });
    return { vm: toObjectRef(vm), content_type: contentType, size_bytes: bytes.length, ...size };
  },
});

async function runningVm(name: string, { vsphere, reading }: ServerContext, advice: string) {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  reading(vm);
  const state = await readVmState(vsphere, vm);
  requireNotTemplate(vm, state);
  requirePowerState(vm, state, ['poweredOn'], advice);
  return vm;
}
