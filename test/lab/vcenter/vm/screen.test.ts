import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDot } from '../../../../lab/vcenter/screen/font.ts';
import { openStage, type Stage, type Vm } from './stage.ts';

/** The dots of a gray PNG of one IDAT chunk, as this lab writes them. */
function decodePng(png: Buffer): { width: number; height: number; dots: Buffer } {
  expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const length = png.readUInt32BE(33);
  expect(png.subarray(37, 41).toString()).toBe('IDAT');
  const rows = inflateSync(png.subarray(41, 41 + length));
  expect(rows).toHaveLength((width + 1) * height);
  return {
    width,
    height,
    dots: Buffer.concat(
      Array.from({ length: height }, (_, row) => rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1))),
    ),
  };
}

describe('the screen of a VM', () => {
  let stage: Stage;
  let cookie: string;
  let clerk: string;

  beforeAll(async () => {
    stage = await openStage({
      tls: false,
      accounts: [
        { name: 'root', password: 'lab-password' },
        { name: 'clerk', password: 'lab-password', may: (privilege) => !/Screenshot/.test(privilege) },
      ],
    });
    const { sessions } = stage.vcenter.world;
    const logIn = (user: string) =>
      `vmware_soap_session="${sessions.logIn(sessions.open(undefined, 'test'), user, 'lab-password').id}"`;
    cookie = logIn('root');
    clerk = logIn('clerk');
  });
  afterAll(() => stage?.close());

  const get = (query: string, headers: Record<string, string> = { cookie }, method = 'GET') =>
    fetch(`http://${stage.vcenter.host}/screen?${query}`, { headers, method });

  it('shows the name of a VM that runs', async () => {
    const vm = stage.vm('web/01'.replace('/', '%2f'), { on: true });
    const answer = await get(`id=${vm.id}`);
    expect(answer.headers.get('content-type')).toBe('image/png');
    const { width, height, dots } = decodePng(Buffer.from(await answer.arrayBuffer()));
    expect([width, height]).toEqual([1024, 768]);
    // The first letter, four dots to one of the font.
    const read = Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: 5 }, (_, column) => dots[(16 + row * 4) * width + 16 + column * 4]! > 128),
    );
    expect(read).toEqual(
      Array.from({ length: 7 }, (_, row) => Array.from({ length: 5 }, (_, column) => hasDot('W', column, row))),
    );
    const other = await get(`id=${stage.vm('other', { on: true }).id}`);
    expect(Buffer.from(await other.arrayBuffer()).equals(dots)).toBe(false);
  });

  it.each([
    ['w=320&h=200', [320, 200]],
    ['w=512', [512, 384]],
    ['h=96', [128, 96]],
    ['w=1&h=1', [1, 1]],
  ])('is as large as %s says', async (query, size) => {
    const vm = running(`sized-${query.length}-${size[0]}`);
    const { width, height } = decodePng(Buffer.from(await (await get(`id=${vm.id}&${query}`)).arrayBuffer()));
    expect([width, height]).toEqual(size);
  });
  const running = (name: string): Vm => stage.vm(name, { on: true });

  it.each(['w=0', 'w=5000', 'h=-1', 'w=1e3', 'w=', 'h=99999999999'])('refuses the size %s', async (query) => {
    expect((await get(`id=${running(`refused ${query}`).id}&${query}`)).status).toBe(400);
  });

  it('is shown to nobody without a login, a privilege, or a VM that runs', async () => {
    const vm = running('hidden');
    expect((await get(`id=${vm.id}`, {})).status).toBe(401);
    expect((await get(`id=${vm.id}`, { cookie: 'vmware_soap_session="guess"' })).status).toBe(401);
    expect((await get(`id=${vm.id}`, { cookie: clerk })).status).toBe(403);
    expect((await get('id=vm-0')).status).toBe(404);
    expect((await get('')).status).toBe(404);
    expect((await get(`id=${stage.place.host.id}`)).status).toBe(404);
    expect((await get(`id=${stage.vm('dark').id}`)).status).toBe(503);
    expect((await get(`id=${vm.id}`, { cookie }, 'POST')).status).toBe(405);
  });

  it('is kept beside the VM by CreateScreenshot_Task', async () => {
    const vm = running('kept');
    const { result } = await stage.done(await stage.client.call('CreateScreenshot_Task', { _this: vm.ref }));
    expect(result).toBe(`[${stage.place.datastore.get('name')}] kept/kept-1.png`);
    const file = stage.vcenter.world.files.of(stage.place.datastore).stat('kept/kept-1.png');
    expect(decodePng(file!.bytes!).width).toBe(1024);
    const off = stage.client.call('CreateScreenshot_Task', { _this: stage.vm('unlit').ref });
    await expect(stage.done(await off)).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
  });
});

describe('consoles and Tools', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());

  it('gives tickets for the console of a VM that runs', async () => {
    const ticket = (_this: Vm, ticketType: string) =>
      stage.client.call('AcquireTicket', { _this: _this.ref, ticketType });
    const vm = stage.vm('console', { on: true });
    const webmks = await ticket(vm, 'webmks');
    expect(webmks.url).toContain(webmks.ticket);
    expect((await ticket(vm, 'mks')).ticket).not.toBe(webmks.ticket);
    await expect(ticket(vm, 'nonsense')).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    await expect(ticket(stage.vm('console-off'), 'webmks')).rejects.toMatchObject({ faultType: 'InvalidState' });
  });

  it('mounts the installer of Tools in a running VM with a drive', async () => {
    const vm = stage.vm('installer', { on: true });
    await stage.client.call('MountToolsInstaller', { _this: vm.ref });
    expect(vm.get('runtime').toolsInstallerMounted).toBe(true);
    await stage.client.call('UnmountToolsInstaller', { _this: vm.ref });
    await expect(stage.client.call('UnmountToolsInstaller', { _this: vm.ref })).rejects.toMatchObject({
      faultType: 'InvalidState',
    });
    const driveless = stage.vm('driveless', { on: true, cdrom: false });
    await expect(stage.client.call('MountToolsInstaller', { _this: driveless.ref })).rejects.toMatchObject({
      faultType: 'GenericVmConfigFault',
    });
    const off = stage.client.call('MountToolsInstaller', { _this: stage.vm('installer-off').ref });
    await expect(off).rejects.toMatchObject({ faultType: 'InvalidPowerState' });
  });

  it('upgrades Tools that are old', async () => {
    const vm = stage.vm('old-tools', { on: true });
    const upgrade = async () => stage.done(await stage.client.call('UpgradeTools_Task', { _this: vm.ref }));
    await expect(upgrade()).rejects.toMatchObject({ faultType: 'ToolsAlreadyUpgraded' });
    vm.set({ guest: { ...vm.get('guest')!, toolsVersionStatus2: 'guestToolsSupportedOld', toolsStatus: 'toolsOld' } });
    await upgrade();
    expect(await stage.harness.run('get_vm_tools_status', { name: 'old-tools' })).toMatchObject({
      tools_status: 'toolsOk',
    });
    vm.set({ guest: { ...vm.get('guest')!, toolsRunningStatus: 'guestToolsNotRunning' } });
    await expect(upgrade()).rejects.toMatchObject({ faultType: 'ToolsUnavailable' });
  });

  it('takes an answer to the question that is open, of those that it offers', async () => {
    const vm = stage.vm('asked', { on: true });
    const choiceInfo = [{ key: '0', label: 'I copied it', summary: 'copied' }].map((each) => ({
      $type: 'ElementDescription',
      ...each,
    }));
    const question = { id: '7', text: 'Moved or copied?', choice: { choiceInfo, defaultIndex: 0 } };
    vm.set({ runtime: { ...vm.get('runtime'), question } });
    const answer = (questionId: string, answerChoice: string) =>
      stage.client.call('AnswerVM', { _this: vm.ref, questionId, answerChoice });
    await expect(answer('8', '0')).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    await expect(answer('7', '1')).rejects.toMatchObject({ faultType: 'InvalidArgument' });
    await answer('7', '0');
    expect(vm.get('runtime').question).toBeUndefined();
  });
});
