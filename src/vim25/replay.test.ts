import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRepeatableRead } from './replay.ts';

const { methods }: { methods: Record<string, unknown> } = JSON.parse(
  readFileSync(new URL('./generated/schema.json', import.meta.url), 'utf8'),
);

describe('a read that is repeated after a dropped connection', () => {
  it('is one of these, and no other method of the API', () => {
    expect(Object.keys(methods).filter(isRepeatableRead)).toMatchInlineSnapshot(`
      [
        "CurrentTime",
        "FetchUserPrivilegeOnEntities",
        "FindAllByDnsName",
        "FindAllByIp",
        "FindAllByUuid",
        "FindByDatastorePath",
        "FindByDnsName",
        "FindByInventoryPath",
        "FindByIp",
        "FindByUuid",
        "FindChild",
        "HasPrivilegeOnEntities",
        "HasPrivilegeOnEntity",
        "HasUserPrivilegeOnEntities",
        "QueryAvailablePerfMetric",
        "QueryConfigOption",
        "QueryConfigOptionEx",
        "QueryConfigTarget",
        "QueryDateTime",
        "QueryEvents",
        "QueryHostConnectionInfo",
        "QueryOptions",
        "QueryPerf",
        "QueryPerfCounter",
        "QueryPerfCounterByLevel",
        "QueryPerfProviderSummary",
        "QueryVirtualDiskUuid",
        "RetrieveAllPermissions",
        "RetrieveEntityPermissions",
        "RetrieveHardwareUptime",
        "RetrieveProperties",
        "RetrievePropertiesEx",
        "RetrieveRolePermissions",
        "RetrieveServiceContent",
      ]
    `);
  });
});
