/** What a server may answer for a screen, and what may happen while a tool waits for a guest. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ManagedObject } from '../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import type { Picture } from '../../src/tools/tool.ts';
import { startGateway } from '../support/gateway.ts';
import { post } from '../support/mcp.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';

type Vm = ManagedObject<'VirtualMachine'>;

const READER = { groups: ['vsphere-readers'] };

let vcenter: VCenter;
/** Before the lab: what it answers for `/screen` can be replaced. */
let front: Server;
let harness: ToolHarness;
let screen: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
let asked: IncomingMessage[] = [];

beforeAll(async () => {
  vcenter = await startVCenter({ tls: false, vms: 20 });
  front = createServer((asking, response) => {
    const isScreen = asking.url?.startsWith('/screen');
    if (isScreen) asked.push(asking);
    if (isScreen && screen !== undefined) return screen(asking, response);
    const { port } = new URL(vcenter.url);
    const { method, url, headers } = asking;
    const passed = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    asking.pipe(passed);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/sdk`;
  harness = await startToolHarness([{ vcsim: { ...vcenter, url } }]);
});
afterEach(() => {
  screen = undefined;
  asked = [];
});
afterAll(async () => {
  await harness?.close();
  front?.closeAllConnections();
  front?.close();
  await vcenter?.stop();
});

function running(): Vm {
  for (const vm of vcenter.world.objects.all('VirtualMachine')) {
    const { powerState, connectionState } = vm.get('runtime');
    const { toolsRunningStatus } = vm.get('guest') ?? {};
    const isUsual = powerState === 'poweredOn' && connectionState === 'connected';
    if (isUsual && toolsRunningStatus === 'guestToolsRunning') return vm;
  }
  throw new Error('no VM runs');
}

function png(width: number, height: number, rest = 64): Buffer {
  const sides = Buffer.alloc(8);
  sides.writeUInt32BE(width, 0);
  sides.writeUInt32BE(height, 4);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 'latin1'), sides, Buffer.alloc(rest)]);
}

function answers(body: Buffer | string, { status = 200, headers = {} } = {}): void {
  screen = (_, response) => {
    response.writeHead(status, { 'content-type': 'image/png', ...headers }).end(body);
  };
}

describe('vm_screenshot', () => {
  const shoot = (args = {}, pictures: Picture[] = []) =>
    harness.run(
      'vm_screenshot',
      { name: running().id, ...args },
      { ...READER, onPicture: (each) => pictures.push(each) },
    );

  it('sends the session and never the password, and asks for the size in pixels', async () => {
    await shoot({ width: 640 });
    expect(asked).toHaveLength(1);
    const [{ url, headers }] = asked as [IncomingMessage];
    expect(url).toBe(`/screen?id=${running().id}&w=640`);
    expect(headers.cookie).toMatch(/vmware_soap_session/);
    expect(headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(headers)).not.toContain(vcenter.password);
  });

  it('logs in again when the session is lost', async () => {
    vcenter.world.sessions.endAll();
    expect(await shoot()).toMatchObject({ width: 1024, height: 768 });
  });

  it('is on the record as a read of that VM, without the picture', async () => {
    const vm = running();
    const { size_bytes } = await shoot();
    expect(size_bytes).toBeGreaterThan(100);
    const record = harness.records().at(-1);
    expect(record).toMatchObject({ tool: 'vm_screenshot', result: 'success', target: { id: vm.id } });
    expect(JSON.stringify(record)).not.toContain('iVBOR');
  });

  it.each([
    ['a redirect', () => answers('', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }), /redirect/],
    ['a page', () => answers('<html>', { headers: { 'content-type': 'text/html' } }), /no PNG/],
    ['a page that says it is a picture', () => answers('<html>'.repeat(100)), /no PNG/],
    ['nothing', () => answers(''), /no PNG/],
    ['the beginning of a picture', () => answers(png(8, 8).subarray(0, 20)), /no PNG/],
    ['a picture without a size', () => answers(png(0, 8)), /no PNG/],
    ['a picture too large to unpack', () => answers(png(60_000, 60_000)), /16384 pixels/],
    ['a picture of many megabytes', () => answers(png(8, 8, 5 * 1024 * 1024)), /larger than 4 MB/],
    ['a failure', () => answers('', { status: 500 }), /HTTP 500/],
  ])('refuses %s, and shows nothing', async (_, prepare, says) => {
    prepare();
    const pictures: Picture[] = [];
    await expect(shoot({}, pictures)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(says),
    });
    expect(pictures).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it('ends a picture that has no end', async () => {
    screen = (_, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', more);
      more();
    };
    await expect(shoot()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([{ width: 0 }, { width: 1e9 }, { height: 63 }, { height: 1.5 }, { width: '640&id=vm-1' }])(
    'asks nothing for %j',
    async (size) => {
      await expect(shoot(size)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect(asked).toEqual([]);
    },
  );

  it('comes to a client as an image, once, with the text and the structure beside it', async () => {
    const gateway = await startGateway(vcenter, { MCP_UNAUTHENTICATED_GROUPS: 'vsphere-readers' });
    try {
      const params = { name: 'vm_screenshot', arguments: { name: running().id, width: 320 } };
      const { messages, text } = await post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      const result = messages.at(-1)?.result as Record<string, never>;
      const [said, image] = result.content as unknown as [{ text: string }, Record<string, string>];
      expect(image).toEqual({ type: 'image', mimeType: 'image/png', data: expect.stringMatching(/^iVBOR/) });
      expect(JSON.parse(said.text)).toEqual(result.structuredContent);
      expect(result.structuredContent).toMatchObject({ width: 320, content_type: 'image/png' });
      expect(text.split('iVBOR')).toHaveLength(2);
    } finally {
      await gateway.close();
    }
  });
});

describe('wait_for_vm_tools', () => {
  /** As they are while a guest boots, or where there are none. */
  function silence(toolsStatus: 'toolsNotRunning' | 'toolsNotInstalled'): { vm: Vm; back: () => void } {
    const vm = running();
    const guest = vm.get('guest')!;
    vm.set({ guest: { ...guest, toolsStatus, toolsRunningStatus: 'guestToolsNotRunning' } });
    return { vm, back: () => vm.set({ guest }) };
  }

  it('answers at once where they run', async () => {
    const vm = running();
    const said = await harness.run('wait_for_vm_tools', { name: vm.id }, READER);
    expect(said).toMatchObject({ status: 'ready', vm: { id: vm.id }, message: expect.stringContaining('run in') });
    expect(harness.records().at(-1)).toMatchObject({ tool: 'wait_for_vm_tools', target: { id: vm.id } });
  });

  it.each([
    ['toolsNotRunning', /vm_screenshot/],
    ['toolsNotInstalled', /not installed/],
  ] as const)('says with %s that the time is over, as a result', async (status, says) => {
    const { vm, back } = silence(status);
    const said = await harness.run('wait_for_vm_tools', { name: vm.id, timeout: 1 }, READER);
    back();
    expect(said).toMatchObject({ status: 'timeout', tools_status: status, message: expect.stringMatching(says) });
    expect(said.wait_time_seconds).toBeGreaterThanOrEqual(0.9);
  });

  it('ends with its caller', async () => {
    const { vm, back } = silence('toolsNotRunning');
    const caller = new AbortController();
    const onProgress = () => caller.abort();
    const waiting = harness.run('wait_for_vm_tools', { name: vm.id }, { signal: caller.signal, onProgress });
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    back();
  });

  it('ends when the VM is deleted', async () => {
    const { vm } = silence('toolsNotRunning');
    let told = 0;
    const onProgress = () => {
      told += 1;
      // First how things are is read; what comes then is an update.
      if (told === 2) vcenter.world.objects.remove(vm);
    };
    await expect(harness.run('wait_for_vm_tools', { name: vm.id }, { onProgress })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
