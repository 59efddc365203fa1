import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGatewayProcess } from '../test/support/gateway-process.ts';
import { startVcsim } from '../test/support/vcsim.ts';
import { startBareServer } from './bare-server.ts';
import { explain, heading, line, median } from './report.ts';
import { ask, request } from './wire.ts';

const ROUNDS = 7;

/** From the start of the process to its first answer that needs no vCenter. */
export async function benchStart(): Promise<void> {
  heading('Start to first answer (list_servers), besides the login at vCenter, which goes on meanwhile');
  const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-bench-'));
  const vcsim = await startVcsim({ tls: false });
  const call = request('2026-07-28', 'tools/call', { name: 'list_servers', arguments: {} });
  const own: number[] = [];
  const bare: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = performance.now();
      const gateway = await startGatewayProcess({
        VCENTER_HOST: vcsim.url,
        VCENTER_USER: vcsim.user,
        VCENTER_PASSWORD: vcsim.password,
        VCENTER_INSECURE: 'true',
        AUDIT_FILE: join(folder, 'audit.jsonl'),
        LOG_LEVEL: 'info',
      });
      await ask(gateway.url, call);
      own.push(performance.now() - started);
      await gateway.end();

      const bareStarted = performance.now();
      const server = await startBareServer(folder, { tools: [], result: { content: [] } });
      await ask(server.url, call);
      bare.push(performance.now() - bareStarted);
      await server.stop();
    }
    line('gateway', `${(median(own) / 1000).toFixed(2)} s`, '< 1 s');
    line('gateway ÷ bare SDK server', (median(own) / median(bare)).toFixed(2));
    explain(`  the bare server takes ${(median(bare) / 1000).toFixed(2)} s`);
  } finally {
    await vcsim.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
