import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/audit-log.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createFairShare } from '../../src/mcp/fair-share.ts';
import { createResourceReader, type ReadResource } from '../../src/mcp/resource-reader.ts';
import { DEFAULT_GROUPS } from '../../src/policy/groups.ts';
import { createPolicy } from '../../src/policy/policy.ts';
import { resources, resourceTemplates } from '../../src/resources/index.ts';
import { tools } from '../../src/tools/index.ts';
import { createManagedServers, type ManagedServers } from '../../src/vsphere/managed-servers.ts';
import { auditRecords } from '../support/audit-file.ts';
import { principalOf } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { openPeer, type Peer } from '../support/vsphere-peer.ts';

describe('the list of resources', () => {
  it('is the six of the contract and the datastore template', () => {
    expect(resources.map(({ uri }) => uri)).toEqual([
      'esxi://vms',
      'esxi://hosts',
      'esxi://datastores',
      'esxi://networks',
      'esxi://clusters',
      'esxi://resource-pools',
    ]);
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(['datastore://{datastore_name}']);
  });

  it('mirrors tools that ask for no more than it does', () => {
    for (const { mirrors, permission } of [...resources, ...resourceTemplates]) {
      expect(tools.find(({ name }) => name === mirrors)?.permission, mirrors).toBe(permission);
    }
  });

  it('asks for reading, and describes each', () => {
    for (const { permission, description } of [...resources, ...resourceTemplates]) {
      expect(permission).toBe('READ_ONLY');
      expect(description).toMatch(/^.{20,300}\.$/);
    }
  });
});

describe.skipIf(!(await vcsimAvailable()))('resources of a vCenter', () => {
  let vcsim: Vcsim;
  let servers: ManagedServers;
  let peer: Peer;
  let read: ReadResource;
  let file: string;
  let directory: string;
  let closeAudit: () => Promise<void>;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 2 });
    directory = await mkdtemp(join(tmpdir(), 'mcvsphere-resources-'));
    file = join(directory, 'audit.jsonl');
    const logger = createLogger('silent');
    const audit = await openAuditLog({ file, clock: systemClock, logger, version: '0.0.0-test' });
    closeAudit = () => audit.close();
    servers = createManagedServers({
      servers: [
        {
          name: 'vc',
          kind: 'vcenter',
          url: vcsim.url,
          username: vcsim.user,
          password: new Secret(vcsim.password),
          tls: { insecure: true },
        },
      ],
      clock: systemClock,
      logger,
    });
    const policy = createPolicy({ groupLevels: DEFAULT_GROUPS });
    read = createResourceReader({
      tools,
      share: createFairShare(),
      resources,
      templates: resourceTemplates,
      policy,
      audit,
      servers,
      clock: systemClock,
    });
    peer = await openPeer(vcsim);
  });

  afterAll(async () => {
    await servers?.close();
    await peer?.close();
    await closeAudit?.();
    await vcsim?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function readAs(groups: readonly string[], uri: string) {
    const principal = principalOf(groups);
    const text = await read({
      uri,
      exchange: { principal, narrowing: [], sourceAddress: '127.0.0.1', nextRequestId: () => 'r' },
      requestId: 'r-1',
      signal: new AbortController().signal,
    });
    return text === undefined ? undefined : JSON.parse(text);
  }

  it.each([
    ['esxi://vms', 'vms', 'VirtualMachine'],
    ['esxi://hosts', 'hosts', 'HostSystem'],
    ['esxi://datastores', 'datastores', 'Datastore'],
    ['esxi://networks', 'networks', 'Network'],
    ['esxi://clusters', 'clusters', 'ClusterComputeResource'],
    ['esxi://resource-pools', 'resource_pools', 'ResourcePool'],
  ])('%s tells every object by name, path and id, sorted', async (uri, noun, type) => {
    const content = await readAs(['vsphere-readers'], uri);
    const there = await peer.properties(type, ['name']);
    expect(content).toMatchObject({ host: 'vc', total: there.size });
    const items: { name: string; path: string; id: string }[] = content[noun];
    expect(new Map(items.map(({ id, name }) => [id, name]))).toEqual(
      new Map([...there].map(([id, { name }]) => [id, name])),
    );
    const paths = items.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    expect(paths.every((path) => path.startsWith('/DC'))).toBe(true);
    expect(auditRecords(file).at(-1)).toMatchObject({ event: 'RESOURCE_READ', resource: uri, result: 'success' });
  });

  it('tells one datastore, by id and by a path with encoded slashes', async () => {
    const [[id, known] = ['', undefined]] = await peer.properties('Datastore', [
      'name',
      'summary.capacity',
      'summary.url',
    ]);
    const byId = await readAs(['vsphere-readers'], `datastore://${id}`);
    expect(byId).toMatchObject({ id, name: known?.name, url: known?.['summary.url'] });
    expect(byId.capacity_gb).toBeCloseTo(Number(known?.['summary.capacity']) / 2 ** 30, 1);
    expect(await readAs(['vsphere-readers'], `datastore://${encodeURIComponent(byId.path)}`)).toEqual(byId);
  });

  it.each([
    ['datastore://nowhere', 'NOT_FOUND'],
    ['datastore://%E0%A4%A', 'INVALID_INPUT'],
    ['datastore://%2FDC0%2Fvm%2FDC0_H0_VM0', 'INVALID_INPUT'],
  ])('refuses %s', async (uri, code) => {
    await expect(readAs(['vsphere-readers'], uri)).rejects.toMatchObject({ code });
  });

  it('has no others', async () => {
    expect(await readAs(['vsphere-readers'], 'esxi://everything')).toBeUndefined();
    expect(await readAs(['vsphere-readers'], 'datastore://')).toBeUndefined();
  });

  it.each([
    'esxi://vms',
    'esxi://hosts',
    'esxi://datastores',
    'esxi://networks',
    'esxi://clusters',
    'esxi://resource-pools',
    'datastore://x',
  ])('denies %s to somebody without a known group', async (uri) => {
    for (const groups of [[], ['marketing']]) {
      await expect(readAs(groups, uri)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(auditRecords(file).at(-1)).toMatchObject({ event: 'PERMISSION_DENIED', resource: uri });
    }
  });
});
