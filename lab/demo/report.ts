/** What the person who started the demo reads. */
import type { Person } from '../identity-provider/people.ts';
import { PASSWORD } from '../identity-provider/people.ts';
import type { VCenter } from '../vcenter/vcenter.ts';
import type { DemoGateway } from './gateway.ts';

export interface Ready {
  readonly gateway: DemoGateway;
  readonly servers: readonly VCenter[];
  readonly people: readonly (Person & { readonly token: string })[];
  readonly folder: string;
  readonly seconds: number;
}

export function report({ gateway, servers, people, folder, seconds }: Ready): string {
  const mcp = `${gateway.origin}/mcp`;
  const table = people.map(({ name, groups, token }) => [name, groups.join(', ') || '(no group)', token]);
  return `mcvsphere demo, ready after ${seconds.toFixed(1)} s

MCP URL:   ${mcp}
           claude mcp add -t http vsphere-demo ${mcp}
           Then /mcp in Claude Code opens the browser: log in as any of the users below.

${servers.map(describe).join('\n')}
Provider:  ${gateway.provider.issuer}
Audit:     ${gateway.auditFile}
Log:       ${gateway.logFile}
Folder:    ${folder} (nothing is written elsewhere; removed at the end)

Users, all with the password ${PASSWORD}. Their tokens are good for 12 hours (guest's is the provider's own: a login ends in a
refusal for who has no group).

${columns([['USER', 'GROUP', 'TOKEN'], ...table])}

For example, with TOKEN set to one of them:

curl -s ${mcp} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
  -H "authorization: Bearer $TOKEN" \\
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_vms","arguments":{"limit":5}}}'

Ctrl-C stops it.
`;
}

function describe({ url, user, password, world, control }: VCenter): string {
  const vms = [...world.objects.all('VirtualMachine')];
  const templates = vms.filter((vm) => vm.get('config')?.template).length;
  const kind = world.kind === 'vcenter' ? 'vCenter:  ' : 'ESXi:     ';
  return `${kind} ${url} with ${vms.length - templates} VMs and ${templates} templates, ${user} / ${password}
Faults:    ${control?.url} with the token ${control?.token} (lab/vcenter/README.md says how)`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}
