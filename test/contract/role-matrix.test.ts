/**
 * Every tool for every kind of person: the five groups, no group, and one that nobody knows. What a person sees
 * is what the person may do, and the refusal comes before anything is asked of vSphere or even of the arguments.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog } from '../../src/audit/audit-log.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { GatewayError } from '../../src/lib/errors.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createCatalog } from '../../src/mcp/catalog.ts';
import { createFairShare } from '../../src/mcp/fair-share.ts';
import { createPipeline, type Pipeline } from '../../src/mcp/pipeline.ts';
import { DEFAULT_GROUPS } from '../../src/policy/groups.ts';
import { createPolicy } from '../../src/policy/policy.ts';
import { tools } from '../../src/tools/index.ts';
import type { ManagedServers } from '../../src/vsphere/managed-servers.ts';
import { auditRecords } from '../support/audit-file.ts';
import { principalOf } from '../support/tool-harness.ts';

/** Written here a second time on purpose: the table that the product promises, not the one that it computes. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  'vsphere-readers': ['READ_ONLY'],
  'vsphere-operators': ['READ_ONLY', 'POWER_OPS'],
  'vsphere-admins': ['READ_ONLY', 'POWER_OPS', 'VM_LIFECYCLE'],
  'vsphere-host-admins': ['READ_ONLY', 'POWER_OPS', 'VM_LIFECYCLE', 'HOST_ADMIN'],
  'vsphere-super-admins': ['READ_ONLY', 'POWER_OPS', 'VM_LIFECYCLE', 'HOST_ADMIN', 'FULL_ADMIN'],
  '(none)': [],
  'vsphere-admin': [],
};

/** An argument that no tool has: whoever is allowed gets as far as the arguments, and no further. */
const BEYOND_AUTHORIZATION = { __not_an_argument__: true };

const policy = createPolicy({ groupLevels: DEFAULT_GROUPS });
const catalog = createCatalog({ tools, resources: [], templates: [], policy });
const askedServers: string[] = [];
const servers: ManagedServers = {
  list: () => [],
  async get(name = '') {
    askedServers.push(name);
    throw new GatewayError('UNAVAILABLE', 'no server may be asked here');
  },
  close: async () => {},
};

let directory: string;
let audit: AuditLog;
let pipeline: Pipeline;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcvsphere-matrix-'));
  const logger = createLogger('silent');
  audit = await openAuditLog({ file: join(directory, 'audit.jsonl'), clock: systemClock, logger, version: 'test' });
  pipeline = createPipeline({ tools, share: createFairShare(), policy, audit, servers, clock: systemClock, logger });
});

afterAll(async () => {
  await audit.close();
  await rm(directory, { recursive: true, force: true });
});

describe.each(Object.entries(MAY))('%s', (group, levels) => {
  const principal = principalOf(group === '(none)' ? [] : [group]);

  it('sees exactly the tools that it may call', () => {
    const seen = catalog.tools({ principal, narrowing: [] }).tools.map(({ name }) => name);
    expect(seen).toEqual(tools.filter(({ permission }) => levels.includes(permission)).map(({ name }) => name));
  });

  it.each(tools.map((tool) => [levels.includes(tool.permission) ? 'may' : 'may not', tool.name, tool] as const))(
    '%s call %s',
    async (may, name, tool) => {
      const requestId = `${group}-${name}`;
      const call = pipeline.run({
        tool,
        args: BEYOND_AUTHORIZATION,
        principal,
        narrowing: [],
        requestId,
        signal: new AbortController().signal,
      });
      const code = may === 'may' ? 'INVALID_INPUT' : 'PERMISSION_DENIED';
      await expect(call).rejects.toMatchObject({ code });
      const record = auditRecords(audit.file).find(({ request_id }) => request_id === requestId);
      expect(record).toMatchObject(
        may === 'may'
          ? { event: 'INVALID_REQUEST', tool: name }
          : { event: 'PERMISSION_DENIED', tool: name, required_permission: tool.permission },
      );
      expect(askedServers).toEqual([]);
    },
  );
});
