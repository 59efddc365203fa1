/** What a VM starts from. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { type BootKind, bootKinds, bootOrderOf } from '../vsphere/boot-order.ts';
import { objectRef, toObjectRef, vmName } from './fields.ts';
import { defineTool } from './tool.ts';
import { reconfigured, toBeChanged } from './vm-devices.ts';

const WORDS = {
  cdrom: 'cdrom',
  disk: 'disk',
  ethernet: 'ethernet',
  network: 'ethernet',
  pxe: 'ethernet',
  floppy: 'floppy',
} as const satisfies Record<string, BootKind>;

type Word = keyof typeof WORDS;

export const setBootOrder = defineTool({
  name: 'set_boot_order',
  title: 'Set boot order',
  description:
    'Choose what a VM tries to start from, first to last, from its next start on: cdrom, disk, ethernet (network, pxe), floppy. Devices that are not listed are tried last.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  task: true,
  input: {
    name: vmName,
    order: z
      .array(z.enum(Object.keys(WORDS) as [Word, ...Word[]]))
      .min(1)
      .max(4),
  },
  output: { vm: objectRef, boot_order: z.array(z.string()) },
  target: ({ name }) => name,
  async handler({ name, order }, context) {
    const kinds = order.map((word) => WORDS[word]);
    if (new Set(kinds).size < kinds.length) {
      throw new GatewayError('INVALID_INPUT', 'order: name each kind once; network and pxe are the same as ethernet.');
    }
    const subject = await toBeChanged(name, context);
    const bootOrder = bootOrderOf(subject.vm, subject.hardware, kinds);
    const { task, now } = await reconfigured(subject, { bootOptions: { bootOrder } }, context);
    return { vm: toObjectRef(subject.vm), boot_order: bootKinds(now), task };
  },
});
