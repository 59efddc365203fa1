import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request as fetchRaw } from 'undici';
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts';
import { startVcsim, type Vcsim } from '../test/support/vcsim.ts';
import { type RecordedRequest, startRecorder } from './recorder.ts';
import { explain, heading, line, median } from './report.ts';
import { ask, request } from './wire.ts';

const SIZES = [1_000, 5_000];
const ROUNDS = 9;
/** The round trips that list_snapshots takes once it has found its VM. */
const READ = 1;

/** What reading a large inventory costs: round trips, and time against moving the same bytes. */
export async function benchInventory(): Promise<void> {
  heading('Reading the inventory of a simulated vCenter');
  explain(
    'The raw time is that of the same SOAP requests sent again by undici, whose answers are read and thrown away;',
  );
  explain('the time of the tool is a whole MCP call over HTTP, with its record on disk.');
  for (const size of SIZES) await benchSize(size);
}

async function benchSize(size: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-bench-'));
  // One resource pool holds all VMs: without standalone hosts there is only the cluster's.
  const vcsim = await startVcsim({ vm: size, host: 8, standaloneHost: 0, tls: false });
  const recorder = await startRecorder(vcsim.url);
  const observed = await gatewayOf(recorder.url, vcsim, join(folder, 'observed.jsonl'));
  const direct = await gatewayOf(vcsim.url, vcsim, join(folder, 'direct.jsonl'));
  const agent = new Agent();
  const call = (gateway: GatewayProcess, name: string, args: Record<string, unknown> = {}) =>
    ask(gateway.url, request('2026-07-28', 'tools/call', { name, arguments: args }));
  /** The SOAP requests that one call makes. */
  const trips = async (name: string, args: Record<string, unknown> = {}): Promise<RecordedRequest[]> => {
    const before = recorder.requests.length;
    const { isError, content } = await call(observed, name, args);
    if (isError) throw new Error(`${name} failed: ${JSON.stringify(content)}`);
    return recorder.requests.slice(before);
  };
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  try {
    await trips('list_servers');
    await settled(recorder.requests);
    const first = await trips('list_vms');
    const later = await trips('list_vms');
    line(`list_vms of ${size} VMs, first of a session`, roundTrips(first), '<= 3');
    line(`list_vms of ${size} VMs, later`, roundTrips(later), '<= 3');

    const replay = async () => {
      for (const { body, headers } of later) {
        const answer = await fetchRaw(vcsim.url, { method: 'POST', headers, body, dispatcher: agent });
        for await (const _chunk of answer.body);
      }
    };
    await call(direct, 'list_vms');
    await replay();
    const tool: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      tool.push(await timed(() => call(direct, 'list_vms')));
      raw.push(await timed(replay));
    }
    const bytes = later.reduce((sum, answer) => sum + answer.size, 0);
    line(`list_vms of ${size} VMs ÷ raw bytes`, (median(tool) / median(raw)).toFixed(2), '<= 2.5');
    explain(
      `  ${median(tool).toFixed(0)} ms against ${median(raw).toFixed(0)} ms for ${(bytes / 1024).toFixed(0)} KiB`,
    );

    const vm = await lastVm(call, observed);
    for (const [way, name] of Object.entries(vm)) {
      const args = { name };
      const label = `list_snapshots of one of ${size} VMs, by ${way}`;
      line(label, roundTrips(await trips('list_snapshots', args)), `<= 2 to find, and ${READ} to read`);
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1)
        times.push(await timed(() => call(direct, 'list_snapshots', args)));
      explain(`  ${median(times).toFixed(1)} ms, finding and reading`);
    }
  } finally {
    await observed.end();
    await direct.end();
    await agent.close();
    await recorder.stop();
    await vcsim.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function gatewayOf(url: string, vcsim: Vcsim, auditFile: string): Promise<GatewayProcess> {
  return startGatewayProcess({
    VCENTER_HOST: url,
    VCENTER_USER: vcsim.user,
    VCENTER_PASSWORD: vcsim.password,
    VCENTER_INSECURE: 'true',
    AUDIT_FILE: auditFile,
    MCP_UNAUTHENTICATED_GROUPS: 'vsphere-readers',
    LOG_LEVEL: 'info',
  });
}

/** Until the login and what follows it have been quiet for half a second. */
async function settled(requests: readonly unknown[]): Promise<void> {
  for (let seen = -1; seen !== requests.length; ) {
    seen = requests.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function lastVm(
  call: (gateway: GatewayProcess, name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>,
  gateway: GatewayProcess,
): Promise<Record<'name' | 'path' | 'id', string>> {
  const { structuredContent } = await call(gateway, 'list_vms', { limit: 1 });
  const [vm] = (structuredContent as { vms: { name: string; path: string; id: string }[] }).vms;
  if (vm === undefined) throw new Error('the simulated vCenter has no VM');
  return { name: vm.name, path: vm.path, id: vm.id };
}

function roundTrips(requests: readonly RecordedRequest[]): string {
  const methods = requests.map(({ method }) => method);
  return `${methods.length} round trips${methods.length > 0 ? `: ${methods.join(', ')}` : ''}`;
}
