/** Templates: made of VMs, made into VMs again, and deployed as new ones. */
import { z } from 'zod';
import type { InventoryObject } from '../vsphere/inventory.ts';
import { homeFor, requireTemplatable, requireTemplate } from '../vsphere/template-marks.ts';
import { readVmState } from '../vsphere/vm-state.ts';
import { datastoreName, newName, objectRef, poolName, toObjectRef, vmName } from './fields.ts';
import { cloneBeside, madeVm } from './new-vm.ts';
import { defineTool, type ServerContext } from './tool.ts';

const templateName = vmName.describe('Template: name, path or id.');
const marked = { vm: objectRef, action: z.string(), is_template: z.boolean() };

export const convertToTemplate = defineTool({
  name: 'convert_to_template',
  title: 'Convert to template',
  description:
    'Turn a VM that is off into a template: it cannot be started or changed then, only deployed or copied. Nothing is copied; convert_to_vm undoes it. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  input: { vm_name: vmName },
  output: marked,
  target: ({ vm_name }) => vm_name,
  async handler({ vm_name }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('convert_to_template');
    const vm = await vsphere.inventory.find('VirtualMachine', vm_name);
    requireTemplatable(vm, await readVmState(vsphere, vm));
    await context.acting(vm);
    await vsphere.call('MarkAsTemplate', { _this: vm.ref });
    context.changed();
    return result(vm, context);
  },
});

export const convertToVm = defineTool({
  name: 'convert_to_vm',
  title: 'Convert to VM',
  description:
    'Make a template a VM again, to start or change it: the template is gone then. To keep it use deploy_from_template, which copies it. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'update',
  idempotent: true,
  input: {
    template_name: templateName,
    resource_pool: poolName.optional().describe('Default: the root pool of the cluster that it is registered in.'),
  },
  output: { ...marked, host: z.string(), resource_pool: z.string() },
  target: ({ template_name }) => template_name,
  async handler({ template_name, resource_pool }, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('convert_to_vm');
    const [template, wanted] = await Promise.all([
      vsphere.inventory.find('VirtualMachine', template_name),
      resource_pool === undefined ? undefined : vsphere.inventory.find('ResourcePool', resource_pool),
    ]);
    requireTemplate(template, await readVmState(vsphere, template));
    const home = await homeFor(vsphere, template, wanted);
    await context.acting(template);
    await vsphere.call('MarkAsVirtualMachine', { _this: template.ref, ...home });
    context.changed();
    const { props } = await vsphere.readOne('VirtualMachine', template.ref, ['runtime.host', 'resourcePool']);
    const places = await vsphere.inventory.describeAll([
      props['runtime.host'] ?? home.host,
      props.resourcePool ?? home.pool,
    ]);
    const pathOf = (id = '') => places.get(id)?.path ?? id;
    return {
      ...(await result(template, context)),
      host: places.get(props['runtime.host']?.value ?? '')?.name ?? '',
      resource_pool: pathOf(props.resourcePool?.value),
    };
  },
});

export const deployFromTemplate = defineTool({
  name: 'deploy_from_template',
  title: 'Deploy from template',
  description:
    'Make a new VM of a template, in its folder; list_templates tells which there are. To copy a VM use clone_vm. The guest is copied as it is, host name and fixed addresses included. Needs a vCenter.',
  permission: 'VM_LIFECYCLE',
  effect: 'create',
  task: true,
  input: {
    template_name: templateName,
    new_vm_name: newName,
    datastore: datastoreName.optional().describe("Default: the template's."),
    power_on: z.boolean().default(false),
  },
  output: { ...madeVm, action: z.string(), template: objectRef },
  target: ({ new_vm_name }) => new_vm_name,
  async handler(given, context) {
    const { vsphere } = context;
    vsphere.requireVcenter('deploy_from_template');
    const [template, datastore] = await Promise.all([
      vsphere.inventory.find('VirtualMachine', given.template_name),
      given.datastore === undefined ? undefined : vsphere.inventory.find('Datastore', given.datastore),
    ]);
    requireTemplate(template, await readVmState(vsphere, template));
    const wish = { name: given.new_vm_name, datastore, powerOn: given.power_on };
    return {
      ...(await cloneBeside(template, wish, context)),
      action: 'deployed',
      template: toObjectRef(template),
    };
  },
});

async function result(vm: InventoryObject, { vsphere }: ServerContext) {
  const { props } = await vsphere.readOne('VirtualMachine', vm.ref, ['config.template']);
  const is_template = props['config.template'] === true;
  return { vm: toObjectRef(vm), action: is_template ? 'converted to template' : 'converted to VM', is_template };
}
