import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { type Govc, govcAvailable, govcOf } from './govc.ts';
import { pathOf, runningVm } from './subjects.ts';

describe.skipIf(!(await govcAvailable()))('govc in a guest', () => {
  let vcenter: VCenter;
  let govc: Govc;
  let folder: string;
  let vm: string;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 20 });
    govc = govcOf(vcenter, { env: { GOVC_DATACENTER: 'DC0', GOVC_GUEST_LOGIN: 'root:lab-guest' } });
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-govc-'));
    vm = pathOf(vcenter.world, runningVm(vcenter.world));
  });
  afterAll(async () => {
    await vcenter?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('lists files and processes', async () => {
    expect(await govc('guest.ls', '-vm', vm, '/')).toMatch(/\betc\b/);
    expect(await govc('guest.ps', '-vm', vm, '-e')).toMatch(/\broot\b/);
  });

  it('puts a file into it and gets it back', async () => {
    const source = join(folder, 'greeting');
    await writeFile(source, 'hello guest\n');
    await govc('guest.mkdir', '-vm', vm, '-p', '/tmp/govc/deep');
    await govc('guest.upload', '-vm', vm, source, '/tmp/govc/deep/greeting');
    expect(await govc('guest.download', '-vm', vm, '/tmp/govc/deep/greeting', '-')).toBe('hello guest\n');
    await govc('guest.chmod', '-vm', vm, '0600', '/tmp/govc/deep/greeting');
    expect(await govc('guest.ls', '-vm', vm, '/tmp/govc/deep')).toMatch(/-rw-------.*greeting/);
    await govc('guest.mv', '-vm', vm, '/tmp/govc/deep/greeting', '/tmp/govc/moved');
    await govc('guest.rm', '-vm', vm, '/tmp/govc/moved');
    await govc('guest.rmdir', '-vm', vm, '-r', '/tmp/govc');
    const gone = await govc.try('guest.ls', '-vm', vm, '/tmp/govc');
    expect(gone.exitCode).not.toBe(0);
  });

  it('runs a command, with its output and its exit code', async () => {
    const said = await govc('guest.run', '-vm', vm, '/bin/sh', '-c', '"echo out; hostname"');
    expect(said).toContain('out');
    const failed = await govc.try('guest.run', '-vm', vm, '/bin/sh', '-c', '"exit 7"');
    expect(failed.exitCode).toBe(7);
  });

  it('starts a process and stops it', async () => {
    const pid = (await govc('guest.start', '-vm', vm, '/bin/sleep', '600')).trim();
    expect(pid).toMatch(/^\d+$/);
    expect(await govc('guest.ps', '-vm', vm, '-p', pid)).toMatch(/sleep/);
    await govc('guest.kill', '-vm', vm, '-p', pid);
    const ended = JSON.parse(await govc('guest.ps', '-json', '-vm', vm, '-p', pid));
    expect(ended.processInfo[0].endTime).toBeTruthy();
  });

  it('is refused with another password, and where Tools do not run', async () => {
    const stranger = govcOf(vcenter, { env: { GOVC_GUEST_LOGIN: 'root:wrong' } });
    const refused = await stranger.try('guest.ls', '-vm', vm, '/');
    expect(refused.complaint).toMatch(/Failed to authenticate with the guest/i);
    await govc('vm.power', '-off', '-force', vm);
    const off = await govc.try('guest.ls', '-vm', vm, '/');
    expect(off.exitCode).not.toBe(0);
  });
});
