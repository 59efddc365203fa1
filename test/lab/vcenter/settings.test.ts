import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import { connectTo } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;
let denied: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter({
    vms: 5,
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader@vsphere.local', password: 'lab-password', may: (privilege) => privilege.startsWith('System.') },
    ],
  });
  client = await connectTo(vcenter);
  denied = await connectTo({ ...vcenter, user: 'reader@vsphere.local' });
});
afterAll(async () => {
  await Promise.all([client?.close(), denied?.close()]);
  await vcenter?.stop();
});

describe('options', () => {
  const server = () => client.serviceContent.setting!;
  const host = () => [...vcenter.world.objects.all('HostSystem')][0]!;
  const read = async (_this: { type: string; value: string }, name?: string) =>
    client.call('QueryOptions', { _this, ...(name !== undefined && { name }) });

  it('are found by name, and all below a name that ends in a dot', async () => {
    expect(await read(server(), 'VirtualCenter.FQDN')).toMatchObject([{ key: 'VirtualCenter.FQDN' }]);
    const below = await read(server(), 'VirtualCenter.');
    expect(below.length).toBeGreaterThan(1);
    expect(below.every(({ key }) => key.startsWith('VirtualCenter.'))).toBe(true);
    expect((await read(server())).length).toBeGreaterThan(below.length);
    await expect(read(server(), 'constructor')).rejects.toMatchObject({ faultType: 'InvalidName' });
  });

  it('of the server and of a host change for those who may', async () => {
    const changedValue = [{ key: 'event.maxAge', value: 60 }];
    await client.call('UpdateOptions', { _this: server(), changedValue });
    expect(await read(server(), 'event.maxAge')).toMatchObject([{ value: 60 }]);
    const _this = host().get('configManager').advancedOption!;
    await client.call('UpdateOptions', {
      _this,
      changedValue: [{ key: 'Syslog.global.logHost', value: 'udp://192.0.2.9' }],
    });
    expect(await read(_this, 'Syslog.global.logHost')).toMatchObject([{ value: 'udp://192.0.2.9' }]);
    expect(host().get('config')?.option).toContainEqual(
      expect.objectContaining({ key: 'Syslog.global.logHost', value: 'udp://192.0.2.9' }),
    );
    for (const each of [server(), _this]) {
      await expect(denied.call('UpdateOptions', { _this: each, changedValue })).rejects.toMatchObject({
        faultType: 'NoPermission',
      });
    }
  });

  it.each([
    ['of another type', 'event.maxAge', 'soon', 'InvalidArgument'],
    ['with a name that is none', 'a b\u0085', 1, 'InvalidName'],
  ])('%s are refused', async (_, key, value, faultType) => {
    await expect(
      client.call('UpdateOptions', { _this: server(), changedValue: [{ key, value }] }),
    ).rejects.toMatchObject({ faultType });
  });

  it('that a host does not know are refused', async () => {
    const _this = host().get('configManager').advancedOption!;
    await expect(
      client.call('UpdateOptions', { _this, changedValue: [{ key: 'Made.up', value: 1 }] }),
    ).rejects.toMatchObject({ faultType: 'InvalidName' });
  });
});

describe('custom attributes', () => {
  const manager = () => client.serviceContent.customFieldsManager!;
  const add = (name: string, moType?: string) =>
    client.call('AddCustomFieldDef', { _this: manager(), name, ...(moType && { moType }) });

  it('are defined, set on objects, renamed and removed with their values', async () => {
    const { key } = await add('Cost centre', 'VirtualMachine');
    const vm = [...vcenter.world.objects.all('VirtualMachine')][0]!;
    const folder = vcenter.world.objects.get<'Folder'>(client.serviceContent.rootFolder);
    expect(vm.get('availableField').map(({ name }) => name)).toEqual(['Cost centre']);
    expect(folder.get('availableField')).toEqual([]);
    await client.call('SetField', { _this: manager(), entity: vm.ref, key, value: '4711' });
    expect(vm.get('summary').customValue).toEqual([{ $type: 'CustomFieldStringValue', key, value: '4711' }]);
    await client.call('SetCustomValue', { _this: vm.ref, key: 'Cost centre', value: '4712' });
    expect(vm.get('customValue')).toMatchObject([{ key, value: '4712' }]);
    expect(vcenter.world.events.all().at(-1)).toMatchObject({
      $type: 'CustomFieldValueChangedEvent',
      prevState: '4711',
      value: '4712',
    });
    const entity = client.serviceContent.rootFolder;
    await expect(client.call('SetField', { _this: manager(), entity, key, value: 'x' })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
    await client.call('RenameCustomFieldDef', { _this: manager(), key, name: 'Cost center' });
    expect(vm.get('availableField').map(({ name }) => name)).toEqual(['Cost center']);
    await client.call('RemoveCustomFieldDef', { _this: manager(), key });
    expect(vm.get('customValue')).toEqual([]);
    expect(vm.get('availableField')).toEqual([]);
  });

  it('have one name each, of a decent length', async () => {
    await add('Owner');
    await expect(add('Owner')).rejects.toMatchObject({ faultType: 'DuplicateName' });
    for (const name of ['', ' ', 'x'.repeat(81)]) {
      await expect(add(name)).rejects.toMatchObject({ faultType: 'InvalidName' });
    }
    await expect(add('Odd', 'NoSuchType')).rejects.toMatchObject({ faultType: 'InvalidArgument' });
  });

  it('are not for everybody, nor for fields and objects that are not there, nor without end', async () => {
    const { key } = await add('Stage');
    const entity = [...vcenter.world.objects.all('VirtualMachine')][0]!.ref;
    const set = (by: VimClient, fields: { key: number; value: string }) =>
      by.call('SetField', { _this: manager(), entity, ...fields });
    await expect(set(denied, { key, value: 'x' })).rejects.toMatchObject({ faultType: 'NoPermission' });
    await expect(set(client, { key: 9999, value: 'x' })).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    await expect(set(client, { key, value: 'x'.repeat(100_000) })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
    await expect(denied.call('AddCustomFieldDef', { _this: manager(), name: 'Mine' })).rejects.toMatchObject({
      faultType: 'NoPermission',
    });
    await expect(
      client.call('SetCustomValue', { _this: entity, key: 'constructor', value: 'x' }),
    ).rejects.toMatchObject({ faultType: 'InvalidArgument' });
  });
});
