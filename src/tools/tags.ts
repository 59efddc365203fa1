/** Tags: which there are, and which are on a VM. */
import { z } from 'zod';
import { InvalidStateError } from '../vsphere/errors.ts';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { quoted } from '../vsphere/names.ts';
import type { Tag } from '../vsphere/tag-catalog.ts';
import { tagLabel } from '../vsphere/tags.ts';
import { cursor, limit, objectRef, toObjectRef, vmName } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineTool, type ServerContext } from './tool.ts';

const tagName = z.string().min(1).max(1024).describe('Tag: name, category/name or id.');
const tagRef = z.object({ name: z.string(), category: z.string(), id: z.string() });
const onVm = { vm: objectRef, tag: tagRef, tags: z.array(z.string()).describe('What it carries now.') };
const target = ({ vm_name }: { vm_name: string }) => vm_name;

export const listTags = defineTool({
  name: 'list_tags',
  title: 'List tags',
  description:
    'The tags that a vCenter has, with category and description. For the tags on one VM use get_vm_tags; for what carries a tag, find or list_vms with tag.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { category: z.string().min(1).max(256).optional().describe('Only tags of this category.'), limit, cursor },
  output: { tags: z.array(tagRef.extend({ description: z.string() })), ...pageFields },
  async handler({ category, ...paging }, { vsphere }) {
    const all = await vsphere.tags.list();
    const wanted = category === undefined ? all : all.filter((tag) => tag.category === category);
    const { items, ...rest } = page('tags', wanted, (tag) => `${tagLabel(tag)}\0${tag.id}`, paging);
    return { tags: items.map((tag) => ({ ...toTagRef(tag), description: tag.description })), ...rest };
  },
});

export const getVmTags = defineTool({
  name: 'get_vm_tags',
  title: 'Get VM tags',
  description:
    'The tags on one VM or template, with their categories. Needs a vCenter. list_tags tells which there are.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { vm_name: vmName },
  output: { vm: objectRef, tags: z.array(tagRef) },
  target,
  async handler({ vm_name }, { vsphere, reading }) {
    vsphere.requireVcenter('get_vm_tags');
    const vm = await vsphere.inventory.find('VirtualMachine', vm_name);
    reading(vm);
    return { vm: toObjectRef(vm), tags: (await tagsOn(vm, vsphere)).map(toTagRef) };
  },
});

export const applyTagToVm = defineTool({
  name: 'apply_tag_to_vm',
  title: 'Apply tag to VM',
  description:
    'Put a tag that exists on a VM or template. Rules elsewhere may act on it: backup, placement. Of some categories a VM carries one tag only: take that off first. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  input: { vm_name: vmName, tag: tagName },
  output: onVm,
  target,
  async handler(given, context) {
    const { vm, tag } = await find(given, 'apply_tag_to_vm', context);
    const { tags } = context.vsphere;
    await tags.requireAttachable(tag, vm);
    await context.acting(vm);
    await tags.attach(tag, vm);
    context.changed();
    return afterwards(vm, tag, context);
  },
});

export const removeTagFromVm = defineTool({
  name: 'remove_tag_from_vm',
  title: 'Remove tag from VM',
  description:
    'Take a tag off a VM or template; the tag itself stays. Rules that follow the tag no longer see the VM: backup, placement. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  input: { vm_name: vmName, tag: tagName },
  output: onVm,
  target,
  async handler(given, context) {
    const { vm, tag } = await find(given, 'remove_tag_from_vm', context);
    const carried = await tagsOn(vm, context.vsphere);
    if (!carried.some(({ id }) => id === tag.id)) {
      throw new InvalidStateError(`${quoted(vm.name)} does not carry the tag ${quoted(tagLabel(tag))}.`);
    }
    await context.acting(vm);
    await context.vsphere.tags.detach(tag, vm);
    context.changed();
    return afterwards(vm, tag, context);
  },
});

async function find(given: { vm_name: string; tag: string }, tool: string, { vsphere }: ServerContext) {
  vsphere.requireVcenter(tool);
  const vm = await vsphere.inventory.find('VirtualMachine', given.vm_name);
  return { vm, tag: await vsphere.tags.find(given.tag) };
}

async function tagsOn(vm: InventoryObject, { tags }: ServerContext['vsphere']): Promise<Tag[]> {
  return (await tags.ofObjects([vm.ref])).get(vm.id) ?? [];
}

async function afterwards(vm: InventoryObject, tag: Tag, { vsphere }: ServerContext) {
  return { vm: toObjectRef(vm), tag: toTagRef(tag), tags: (await tagsOn(vm, vsphere)).map(tagLabel) };
}

function toTagRef({ name, category, id }: Tag) {
  return { name, category, id };
}
