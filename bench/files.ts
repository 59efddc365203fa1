import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutTypes } from '../lab/without-types.mjs';
import { startGatewayProcess } from '../test/support/gateway-process.ts';
import { startLabServer } from './lab-server.ts';
import { explain, heading, line } from './report.ts';
import { ask, request } from './wire.ts';

const MIB = 1024 * 1024;
const SIZE = 2048 * MIB;
/** Once before anything is measured, so that only moving bytes counts. */
const WARM_UP = 8 * MIB;
const SAMPLE_MS = 20;

/** What moving large files to and from datastores costs in memory. */
export async function benchFiles(): Promise<void> {
  heading('Files on datastores');
  explain(
    'Through a gateway process, between its MCP_FILES_DIR and the lab; its resident memory is looked at all along.',
  );
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-bench-'));
  const program = join(folder, 'program');
  if (!(await withoutTypes(program))) throw new Error('the types could not be taken off');
  const lab = await startLabServer(program, 40);
  const gateway = await startGatewayProcess({
    VCENTER_HOST: lab.url,
    VCENTER_USER: lab.user,
    VCENTER_PASSWORD: lab.password,
    VCENTER_INSECURE: 'true',
    AUDIT_FILE: join(folder, 'audit.jsonl'),
    MCP_UNAUTHENTICATED_GROUPS: 'vsphere-super-admins',
    MCP_FILES_DIR: folder,
  });
  const call = async (name: string, args: object = {}) => {
    const answer = await ask(gateway.url, request('2026-07-28', 'tools/call', { name, arguments: args }));
    if (answer.isError) throw new Error(`${name} failed: ${JSON.stringify(answer.content)}`);
    return answer.structuredContent as Record<string, unknown>;
  };
  try {
    const { datastores } = (await call('list_datastores')) as { datastores: { id: string; free_gb?: number }[] };
    const [largest] = [...datastores].sort((a, b) => (b.free_gb ?? 0) - (a.free_gb ?? 0));
    const datastore = largest!.id;
    const moved = async (size: number, name: string) => {
      const file = await open(join(folder, name), 'w');
      await file.truncate(size);
      await file.close();
      const up = await measured(gateway.pid, () =>
        call('upload_to_datastore', { datastore, remote_path: name, local_path: name }),
      );
      const down = await measured(gateway.pid, () =>
        call('download_from_datastore', { datastore, path: name, save_to: `${name}.back` }),
      );
      if (up.result.sha256 !== down.result.sha256) throw new Error('what came back is not what was sent');
      return { up, down };
    };
    await moved(WARM_UP, 'warm-up');
    for (const [name, { growth, seconds }] of Object.entries(await moved(SIZE, 'large'))) {
      line(`${SIZE / MIB} MiB ${name}, growth of the gateway`, `${(growth / MIB).toFixed(0)} MiB`, '< 100 MB');
      explain(`  ${(SIZE / MIB / seconds).toFixed(0)} MiB/s, hashed on the way`);
    }
  } finally {
    await gateway.end();
    await lab.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured<T>(pid: number, work: () => Promise<T>) {
  const before = await residentBytes(pid);
  let most = before;
  let sampling = true;
  const sampler = (async () => {
    while (sampling) {
      most = Math.max(most, await residentBytes(pid));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  const started = performance.now();
  const result = await work().finally(() => {
    sampling = false;
  });
  await sampler;
  return { result, growth: most - before, seconds: (performance.now() - started) / 1000 };
}

/** Linux only. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
