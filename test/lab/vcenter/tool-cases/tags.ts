import { expect } from 'vitest';
import { type Args, missing, refOf, type Stage, type ToolCases, type Vm } from './case.ts';

const tagsOf = ({ world }: Stage, vm: Vm) => world.tags.tagsOf(vm.ref).map((id) => world.tags.tag(id));

/** A VM that carries no tag of the category called Environment. */
function untagged(stage: Stage) {
  const vm = stage.vm('poweredOff');
  for (const { id } of tagsOf(stage, vm)) stage.world.tags.detach(id, vm.ref);
  return vm;
}

function tagged(stage: Stage) {
  const vm = untagged(stage);
  const tag = stage.world.tags.tags().find(({ name }) => name === 'staging')!;
  stage.world.tags.attach(tag.id, vm.ref);
  return vm;
}

const TAGGING = 'InventoryService.Tagging.AttachTag';

export const tagCases: ToolCases = {
  list_tags: {
    async works(stage) {
      const { tags, total } = await stage.run('list_tags');
      const there = stage.world.tags.tags();
      expect(total).toBe(there.length);
      expect(tags.map(({ id }: Args) => id).sort()).toEqual(there.map(({ id }) => id).sort());
      const { tags: some } = await stage.run('list_tags', { category: 'Environment' });
      expect(some.map(({ name }: Args) => name).sort()).toEqual(['dev', 'prod', 'staging', 'test']);
    },
    fails: { args: { cursor: 'made up' }, code: 'INVALID_INPUT', says: /cursor/ },
    denied: { args: {} },
  },
  get_vm_tags: {
    async works(stage) {
      const vm = tagged(stage);
      expect(await stage.run('get_vm_tags', { vm_name: vm.id })).toMatchObject({
        vm: refOf(vm),
        tags: [{ name: 'staging', category: 'Environment', id: stage.world.tags.tagsOf(vm.ref)[0] }],
      });
    },
    fails: missing('vm_name'),
    denied: { args: (stage) => ({ vm_name: stage.vm('poweredOn').id }) },
  },
  apply_tag_to_vm: {
    async works(stage) {
      const vm = untagged(stage);
      const said = await stage.run('apply_tag_to_vm', { vm_name: vm.id, tag: 'Environment/dev' });
      expect(said).toMatchObject({ vm: refOf(vm), tag: { name: 'dev' }, tags: ['Environment/dev'] });
      expect(tagsOf(stage, vm).map(({ name }) => name)).toEqual(['dev']);
    },
    fails: {
      args: (stage) => ({ vm_name: tagged(stage).id, tag: 'Environment/prod' }),
      code: 'INVALID_STATE',
      says: /carries "Environment\/staging", and may carry one/,
    },
    denied: { args: (stage) => ({ vm_name: untagged(stage).id, tag: 'Environment/dev' }), without: TAGGING },
  },
  remove_tag_from_vm: {
    async works(stage) {
      const vm = tagged(stage);
      const said = await stage.run('remove_tag_from_vm', { vm_name: vm.id, tag: 'Environment/staging' });
      expect(said).toMatchObject({ vm: refOf(vm), tag: { name: 'staging' }, tags: [] });
      expect(stage.world.tags.tagsOf(vm.ref)).toEqual([]);
    },
    fails: {
      args: (stage) => ({ vm_name: untagged(stage).id, tag: 'Environment/dev' }),
      code: 'INVALID_STATE',
      says: /does not carry/,
    },
    denied: { args: (stage) => ({ vm_name: tagged(stage).id, tag: 'Environment/staging' }), without: TAGGING },
  },
};
