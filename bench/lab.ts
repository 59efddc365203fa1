import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request as fetchRaw } from 'undici';
import { withoutTypes } from '../lab/without-types.mjs';
import { startGatewayProcess } from '../test/support/gateway-process.ts';
import { startVcsim, type Vcsim } from '../test/support/vcsim.ts';
import { startLabServer } from './lab-server.ts';
import { startRecorder } from './recorder.ts';
import { explain, heading, line, median } from './report.ts';
import { ask, request } from './wire.ts';

const VMS = 5_000;
const MOST_VMS = 10_000;
const ROUNDS = 15;

type Server = Pick<Vcsim, 'url' | 'user' | 'password'>;

/** The simulated vCenter of the lab: how fast it answers against vcsim, and what its inventory costs. */
export async function benchLab(): Promise<void> {
  heading('The lab against vcsim');
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-bench-'));
  try {
    const program = join(folder, 'program');
    if (!(await withoutTypes(program))) throw new Error('the types could not be taken off');
    await benchLists(folder, program);
    await benchSize(program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchLists(folder: string, program: string): Promise<void> {
  explain('The SOAP requests of list_vms sent again by undici, whose answers are read and thrown away.');
  const vcsim = await startVcsim({ vm: VMS, host: 8, standaloneHost: 0, tls: false });
  const lab = await startLabServer(program, VMS);
  const lists: Replay[] = [];
  try {
    for (const [name, server] of Object.entries({ lab, vcsim })) lists.push(await replayOf(server, folder, name));
    const [ofLab, ofVcsim] = lists as [Replay, Replay];
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      times[0].push(await timed(ofLab.run));
      times[1].push(await timed(ofVcsim.run));
    }
    const [own, other] = [median(times[0]), median(times[1])];
    line(`list of ${VMS} VMs, lab ÷ vcsim`, (own / other).toFixed(2), '<= 1');
    explain(`  ${own.toFixed(0)} ms for ${kib(ofLab.bytes)} against ${other.toFixed(0)} ms for ${kib(ofVcsim.bytes)}`);
  } finally {
    for (const list of lists) await list.stop();
    await lab.stop();
    await vcsim.stop();
  }
}

async function benchSize(program: string): Promise<void> {
  const few = await startLabServer(program, 40);
  line('start with 40 VMs', seconds(few.startMs), '< 3 s');
  await few.stop();
  const many = await startLabServer(program, MOST_VMS);
  try {
    line(`start with ${MOST_VMS} VMs`, seconds(many.startMs), '< 10 s');
    const { rss, heapUsed } = await many.memory();
    line(`memory with ${MOST_VMS} VMs`, `${mib(rss)} resident, ${mib(heapUsed)} of it objects`, '< 400 MB');
  } finally {
    await many.stop();
  }
}

interface Replay {
  readonly bytes: number;
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** What the gateway asks a server for a list of its VMs, to be asked again by the session of that gateway. */
async function replayOf(server: Server, folder: string, name: string): Promise<Replay> {
  const recorder = await startRecorder(server.url);
  const gateway = await startGatewayProcess({
    VCENTER_HOST: recorder.url,
    VCENTER_USER: server.user,
    VCENTER_PASSWORD: server.password,
    VCENTER_INSECURE: 'true',
    AUDIT_FILE: join(folder, `${name}.jsonl`),
    MCP_UNAUTHENTICATED_GROUPS: 'vsphere-readers',
    LOG_LEVEL: 'info',
  });
  const list = () => ask(gateway.url, request('2026-07-28', 'tools/call', { name: 'list_vms', arguments: {} }));
  await list();
  const before = recorder.requests.length;
  const { isError, content } = await list();
  if (isError) throw new Error(`list_vms failed: ${JSON.stringify(content)}`);
  const requests = recorder.requests.slice(before);
  const agent = new Agent();
  return {
    bytes: requests.reduce((sum, { size }) => sum + size, 0),
    async run() {
      for (const { body, headers } of requests) {
        const answer = await fetchRaw(server.url, { method: 'POST', headers, body, dispatcher: agent });
        for await (const _chunk of answer.body);
      }
    },
    async stop() {
      await agent.close();
      await gateway.end();
      await recorder.stop();
    },
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
