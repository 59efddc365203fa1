/**
 * Runs tools on a real simulator through the real pipeline, policy and audit log, as a principal of any group.
 * What the tests prepare or read back goes another way: `aside`, a session of its own, or the bare `peer`.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import { openAuditLog } from '../../src/audit/audit-log.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openFilesFolder } from '../../src/lib/files-folder.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { listTool } from '../../src/mcp/catalog.ts';
import { createFairShare } from '../../src/mcp/fair-share.ts';
import { createPipeline } from '../../src/mcp/pipeline.ts';
import { DEFAULT_GROUPS } from '../../src/policy/groups.ts';
import { createPolicy } from '../../src/policy/policy.ts';
import { tools } from '../../src/tools/index.ts';
import type { Picture, Tool } from '../../src/tools/tool.ts';
import { createManagedServers, type ManagedServerOptions } from '../../src/vsphere/managed-servers.ts';
import type { UrlSources } from '../../src/vsphere/url-source.ts';
import type { VsphereCall } from '../../src/vsphere/vsphere.ts';
import { auditRecords, type Recorded } from './audit-file.ts';
import { type Interruption, interrupted } from './interrupted-servers.ts';
import type { Vcsim } from './vcsim.ts';
import { openPeer, type Peer } from './vsphere-peer.ts';

export interface RunOptions {
  /** Default: `vsphere-super-admins`. */
  readonly groups?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: number, message: string) => void;
  readonly onPicture?: (picture: Picture) => void;
}

/** A tool's output, as loosely typed as a client has it. */
// biome-ignore lint/suspicious/noExplicitAny: the schemas of a hundred tools, which the pipeline has checked
export type ToolOutput = Record<string, any>;

export interface ToolHarness {
  readonly pipeline: ReturnType<typeof createPipeline>;
  /** Calls a tool by its name or an alias; rejects with the error that its caller would see. */
  run(name: string, args?: Record<string, unknown>, options?: RunOptions): Promise<ToolOutput>;
  /** A view of the (first) server for preparing and reading back, on a session of its own. */
  readonly aside: VsphereCall;
  /** The next tools lose their connection once this was answered; undefined mends it. */
  interruption: Interruption | undefined;
  readonly peer: Peer;
  /** What is on the audit record so far. */
  records(): Recorded[];
  close(): Promise<void>;
}

export interface ServerUnderTest {
  readonly vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>;
  readonly name?: string;
  readonly kind?: 'vcenter' | 'esxi';
}

/** @param servers the first is the default @param filesFolder what MCP_FILES_DIR would name @param urls what OVA_URL_ALLOWLIST would open */
export async function startToolHarness(
  servers: readonly [ServerUnderTest, ...ServerUnderTest[]],
  { filesFolder, urls }: { readonly filesFolder?: string; readonly urls?: UrlSources } = {},
): Promise<ToolHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'mcvsphere-tools-'));
  const file = join(directory, 'audit.jsonl');
  const logger = createLogger('silent');
  const options = { servers: servers.map(serverOptions), clock: systemClock, logger };
  const policy = createPolicy({ groupLevels: DEFAULT_GROUPS });
  const audit = await openAuditLog({ file, clock: systemClock, logger, version: '0.0.0-test' });
  const managed = createManagedServers(options);
  const own = createManagedServers(options);
  const pipeline = createPipeline({
    tools,
    share: createFairShare(),
    policy,
    audit,
    servers: interrupted(managed, () => harness.interruption),
    ...(filesFolder === undefined ? {} : { files: await openFilesFolder(filesFolder) }),
    urls,
    clock: systemClock,
    logger,
  });
  const peer = await openPeer(servers[0].vcsim);
  const aside = (await own.get()).forCall({ operationId: 'test', signal: new AbortController().signal });
  let calls = 0;

  const harness: ToolHarness = {
    pipeline,
    interruption: undefined,
    aside,
    peer,
    async run(name, args = {}, { groups = ['vsphere-super-admins'], signal, onProgress, onPicture } = {}) {
      calls += 1;
      const tool = toolNamed(name);
      const output = await pipeline.run({
        tool,
        args,
        principal: principalOf(groups),
        narrowing: [],
        requestId: `test-${calls}`,
        signal: signal ?? new AbortController().signal,
        notifyProgress: onProgress,
        show: onPicture,
      });
      return asListed(tool, output);
    },
    records: () => auditRecords(file),
    async close() {
      await pipeline.idle();
      await Promise.all([managed.close(), own.close(), peer.close()]);
      await audit.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return harness;
}

const validator = new AjvJsonSchemaValidator();
const checks = new Map<string, ReturnType<typeof validator.getValidator>>();

/** The output as a client has it, which holds it to the schema that the list told: the pipeline has checked its own. */
function asListed(tool: Tool, output: ToolOutput): ToolOutput {
  let check = checks.get(tool.name);
  if (check === undefined) {
    check = validator.getValidator(listTool(tool).outputSchema ?? {});
    checks.set(tool.name, check);
  }
  const { valid, errorMessage } = check(JSON.parse(JSON.stringify(output)));
  if (!valid) throw new Error(`${tool.name} answers with what its listed schema does not allow: ${errorMessage}`);
  return output;
}

export function toolNamed(name: string): Tool {
  const tool = tools.find((each) => each.name === name || each.aliases?.includes(name));
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return tool;
}

export function principalOf(groups: readonly string[]): Principal {
  return { user: 'alice@example.com', sub: 'alice', iss: 'https://issuer.example.com', groups };
}

function serverOptions({ vcsim, name, kind = 'vcenter' }: ServerUnderTest): ManagedServerOptions {
  return {
    name: name ?? new URL(vcsim.url).host,
    kind,
    url: vcsim.url,
    username: vcsim.user,
    password: new Secret(vcsim.password),
    tls: { insecure: true },
  };
}
