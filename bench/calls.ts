import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startGatewayProcess } from '../test/support/gateway-process.ts';
import { startIssuer } from '../test/support/issuer.ts';
import { startVcsim } from '../test/support/vcsim.ts';
import { startBareServer } from './bare-server.ts';
import { compare, type Round } from './load.ts';
import { explain, heading, line, median, ratio } from './report.ts';
import { ask, PROTOCOLS, request, type WireRequest } from './wire.ts';

const TOOL = { name: 'list_servers', arguments: {} };
const AUDIENCE = 'mcvsphere-bench';

/** What JWT, policy and a durable record cost, against the SDK's server with none of them. */
export async function benchCalls(): Promise<void> {
  heading('MCP over HTTP, 16 connections: answers a second, gateway ÷ bare SDK server (each round in brackets)');
  explain('The gateway verifies a JWT, decides, and has each call on disk before it answers; the bare server is the');
  explain("SDK's low-level server on node:http with the same tool list, answering with the same bytes.");
  // Not in the system's temporary folder, which may be memory: there a durable write costs nothing.
  await mkdir('.cache', { recursive: true });
  const folder = await mkdtemp(join('.cache', 'bench-'));
  const vcsim = await startVcsim();
  const issuer = await startIssuer();
  const gateway = await startGatewayProcess({
    VCENTER_HOST: vcsim.url,
    VCENTER_USER: vcsim.user,
    VCENTER_PASSWORD: vcsim.password,
    VCENTER_INSECURE: 'true',
    AUDIT_FILE: join(process.cwd(), folder, 'audit.jsonl'),
    OAUTH_ENABLED: 'true',
    OAUTH_ISSUER_URL: issuer.issuer,
    OAUTH_AUDIENCE: AUDIENCE,
    OAUTH_BASE_URL: 'http://127.0.0.1',
    OAUTH_ALLOW_INSECURE: 'true',
    MCP_RATE_LIMIT: '0',
    LOG_LEVEL: 'info',
  });
  const token = await issuer.mint({ sub: 'bench', groups: ['vsphere-super-admins'], audience: AUDIENCE });
  try {
    const { tools } = await ask(gateway.url, request('2025-11-25', 'tools/list', {}, token));
    const result = await ask(gateway.url, request('2025-11-25', 'tools/call', TOOL, token));
    const bare = await startBareServer(folder, { tools, result });
    try {
      for (const protocol of PROTOCOLS) {
        const measure = async (label: string, asked: (token?: string) => WireRequest, target: string) => {
          const rounds = await compare({ ...gateway, request: asked(token) }, { ...bare, request: asked() });
          reportRounds(`${label}, protocol ${protocol}`, rounds, target);
        };
        await measure(`tools/call ${TOOL.name}`, (t) => request(protocol, 'tools/call', TOOL, t), '>= 0.6');
        const count = (tools as unknown[]).length;
        await measure(`tools/list, ${count} tools`, (t) => request(protocol, 'tools/list', {}, t), '>= 0.8');
      }
    } finally {
      await bare.stop();
    }
  } finally {
    await gateway.end();
    await issuer.stop();
    await vcsim.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function reportRounds(label: string, { a, b }: { a: Round[]; b: Round[] }, target: string): void {
  line(label, ratio(a.map((round, i) => round.answersPerSecond / b[i]!.answersPerSecond)), target);
  const rate = (rounds: Round[]) => median(rounds.map((round) => round.answersPerSecond)).toFixed(0);
  explain(`  ${rate(a)} against ${rate(b)} answers a second`);
  // On a machine that does other things too, this is the steadier figure.
  const micros = (rounds: Round[]) => median(rounds.map((round) => round.processorMicros ?? Number.NaN));
  if (Number.isNaN(micros(a))) return;
  explain(`  ${micros(a).toFixed(0)} against ${micros(b).toFixed(0)} µs of processor time an answer`);
}
