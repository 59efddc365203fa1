/** Tags as a company has them: most VMs say where they belong, who owns them and how they are backed up. */
import type { World } from '../core/world.ts';
import { inventoryPath } from '../inventory/ancestry.ts';
import type { Category, Tag } from '../rest/tagging/tags.ts';

interface Plan extends Pick<Category, 'name' | 'description' | 'cardinality'> {
  readonly tags: readonly (readonly [name: string, description: string])[];
  /** Of a hundred VMs, those that carry one of them. */
  readonly percent: number;
}

const PLANS: readonly Plan[] = [
  {
    name: 'Environment',
    description: 'What the VM is for',
    cardinality: 'SINGLE',
    tags: [
      ['prod', 'Customers depend on it'],
      ['staging', 'The same as prod, before it'],
      ['test', 'May be broken at any time'],
      ['dev', 'Belongs to one developer'],
    ],
    percent: 95,
  },
  {
    name: 'Owner',
    description: 'Whom to ask',
    cardinality: 'SINGLE',
    tags: [
      ['platform', 'Platform team'],
      ['databases', 'Database team'],
      ['web', 'Web team'],
      ['security', 'Security team'],
    ],
    percent: 85,
  },
  {
    name: 'Backup',
    description: 'How often it is backed up',
    cardinality: 'SINGLE',
    tags: [
      ['daily', ''],
      ['weekly', ''],
      ['none', 'Can be made anew'],
    ],
    percent: 70,
  },
  {
    name: 'Compliance',
    description: 'Rules that apply',
    cardinality: 'MULTIPLE',
    tags: [
      ['pci-dss', 'Card data'],
      ['gdpr', 'Personal data'],
    ],
    percent: 15,
  },
];

export function seedTags({ objects, tags, random }: World): void {
  const planned = PLANS.map(({ name, description, cardinality, tags: names, percent }) => {
    const { id } = tags.createCategory({ name, description, cardinality, associable_types: ['VirtualMachine'] });
    const made: Tag[] = names.map(([tag, about]) => tags.createTag({ name: tag, description: about, category_id: id }));
    return { made, percent };
  });
  for (const vm of objects.all('VirtualMachine')) {
    if (vm.get('config')?.template) continue;
    const folders = inventoryPath(vm, objects).split('/');
    for (const { made, percent } of planned) {
      const tagged = random.between(1, 100) <= percent;
      const any = random.pick(made);
      // What lies in the folder `prod` is of the environment prod.
      if (tagged) tags.attach((made.find(({ name }) => folders.includes(name)) ?? any).id, vm.ref);
    }
  }
}
