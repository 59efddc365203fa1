import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../../src/vim25/client.ts';
import { connectTo } from '../../../vim25/connect.ts';

const OPERATOR = {
  name: 'operator@vsphere.local',
  password: 'lab-operator',
  may: (id: string) => id.startsWith('VirtualMachine.Interact.'),
};

let vcenter: VCenter;
let client: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter({
    accounts: [{ name: 'administrator@vsphere.local', password: 'lab-password' }, OPERATOR],
  });
  client = await connectTo(vcenter);
});
afterAll(async () => {
  await client?.close();
  await vcenter?.stop();
});

const _this = () => ({ _this: client.serviceContent.searchIndex! });
const named = (name: string) => {
  const found = [...vcenter.world.objects.all('VirtualMachine')].find((vm) => vm.get('name') === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

describe('the search index', () => {
  it.each(['/DC0/vm/prod/web/web-01', 'DC0/vm/prod/web/web-01', '/dc0/VM/prod/web/WEB-01/'])(
    'finds a VM at %s',
    async (inventoryPath) => {
      expect(await client.call('FindByInventoryPath', { ..._this(), inventoryPath })).toEqual(named('web-01').ref);
    },
  );

  it('finds hosts below their cluster and VMs below their vApp by the path', async () => {
    const found = (inventoryPath: string) => client.call('FindByInventoryPath', { ..._this(), inventoryPath });
    expect(await found('/DC0/host/Racks/Production/esx-01.corp.example')).toMatchObject({ type: 'HostSystem' });
    expect(await found('/DC0/vm/shop/shop-db')).toEqual(named('shop-db').ref);
    expect(await found('/')).toEqual(client.serviceContent.rootFolder);
  });

  it.each(['/DC0/vm/nothing', '/DC0/vm/prod/web/web-01/deeper', '/../../etc/passwd', `/${'a/'.repeat(10_000)}`])(
    'finds nothing at %.40s',
    async (inventoryPath) => {
      expect(await client.call('FindByInventoryPath', { ..._this(), inventoryPath })).toBeUndefined();
    },
  );

  it('finds a VM by what it is known by', async () => {
    const vm = named('db-01');
    const { uuid, instanceUuid, files } = vm.get('config')!;
    const { ipAddress, hostName, net } = vm.get('guest')!;
    const vmSearch = true;
    const datacenter = [...vcenter.world.objects.all('Datacenter')][0]!.ref;
    expect(await client.call('FindByUuid', { ..._this(), uuid: uuid.toUpperCase(), vmSearch })).toEqual(vm.ref);
    expect(await client.call('FindByUuid', { ..._this(), uuid: instanceUuid!, vmSearch, instanceUuid: true })).toEqual(
      vm.ref,
    );
    expect(await client.call('FindByUuid', { ..._this(), uuid: instanceUuid!, vmSearch })).toBeUndefined();
    expect(await client.call('FindByIp', { ..._this(), ip: ipAddress!, vmSearch })).toEqual(vm.ref);
    expect(await client.call('FindAllByIp', { ..._this(), ip: net![0]!.ipAddress!.at(-1)!, vmSearch })).toEqual([
      vm.ref,
    ]);
    expect(await client.call('FindByDnsName', { ..._this(), dnsName: hostName!, vmSearch })).toEqual(vm.ref);
    expect(await client.call('FindByDatastorePath', { ..._this(), datacenter, path: files.vmPathName! })).toEqual(
      vm.ref,
    );
  });

  it('finds hosts, and keeps to the datacenter that is asked for', async () => {
    const [first, second] = [...vcenter.world.objects.all('Datacenter')].map(({ ref }) => ref);
    const [host] = vcenter.world.objects.all('HostSystem');
    const dnsName = host!.get('name');
    expect(await client.call('FindAllByDnsName', { ..._this(), dnsName, vmSearch: false })).toEqual([host!.ref]);
    expect(await client.call('FindByDnsName', { ..._this(), dnsName, vmSearch: false, datacenter: first! })).toEqual(
      host!.ref,
    );
    expect(
      await client.call('FindByDnsName', { ..._this(), dnsName, vmSearch: false, datacenter: second! }),
    ).toBeUndefined();
    expect(await client.call('FindByIp', { ..._this(), ip: '10.0.1.11', vmSearch: false })).toEqual(host!.ref);
  });

  it('answers a datacenter that is not there with a fault', async () => {
    const datacenter = { type: 'Datacenter', value: 'datacenter-999999' };
    const call = client.call('FindByIp', { ..._this(), ip: '10.20.0.10', vmSearch: true, datacenter });
    await expect(call).rejects.toMatchObject({ faultType: 'ManagedObjectNotFound' });
  });
});

describe('the authorization manager', () => {
  const manager = () => ({ _this: client.serviceContent.authorizationManager! });

  it('tells what an account may, as the methods take it', async () => {
    const entity = named('web-01').ref;
    const privId = ['VirtualMachine.Interact.PowerOn', 'VirtualMachine.Inventory.Delete', 'System.Read', 'No.Such'];
    const [answer] = await client.call('HasUserPrivilegeOnEntities', {
      ...manager(),
      entities: [entity],
      userName: OPERATOR.name,
      privId,
    });
    expect(answer!.privAvailability.map(({ isGranted }) => isGranted)).toEqual([true, false, true, false]);

    const [fetched] = await client.call('FetchUserPrivilegeOnEntities', {
      ...manager(),
      entities: [entity],
      userName: 'VSPHERE.LOCAL\\operator',
    });
    expect(fetched!.privileges).toContain('VirtualMachine.Interact.PowerOff');
    expect(fetched!.privileges).not.toContain('Folder.Create');
  });

  it('tells what a session may', async () => {
    const session = vcenter.world.sessions.list()[0]!;
    const [answer] = await client.call('HasPrivilegeOnEntities', {
      ...manager(),
      entity: [named('web-01').ref],
      sessionId: session.key,
      privId: ['Folder.Create'],
    });
    expect(answer!.privAvailability).toEqual([expect.objectContaining({ privId: 'Folder.Create', isGranted: true })]);
  });

  it('knows no account and no session that is not there', async () => {
    const entities = [named('web-01').ref];
    await expect(
      client.call('FetchUserPrivilegeOnEntities', { ...manager(), entities, userName: 'nobody' }),
    ).rejects.toMatchObject({ faultType: 'UserNotFound' });
    await expect(
      client.call('HasPrivilegeOnEntities', {
        ...manager(),
        entity: entities,
        sessionId: 'x',
        privId: ['System.Read'],
      }),
    ).rejects.toMatchObject({ faultType: 'InvalidArgument' });
  });

  it('has roles that name only privileges that there are', () => {
    const object = vcenter.world.objects.find(client.serviceContent.authorizationManager)!.as('AuthorizationManager')!;
    const known = new Set(object.get('privilegeList').map(({ privId }) => privId));
    expect(known.size).toBe(object.get('privilegeList').length);
    const named = object.get('roleList').flatMap(({ privilege = [] }) => privilege);
    expect(named.filter((privilege) => !known.has(privilege))).toEqual([]);
    expect(object.get('roleList').map(({ roleId }) => roleId)).toContain(-1);
  });
});
