/** What the gateway manages: a vCenter, or two standalone hosts, and the options by which the gateway finds them. */
import { startVCenter, type VCenter } from '../vcenter/vcenter.ts';
import type { DemoOptions } from './options.ts';

export interface DemoServers {
  readonly all: readonly VCenter[];
  readonly environment: Readonly<Record<string, string>>;
}

const SLOW_STEP_MS = 800;

export async function startServers({ vms, esxi, slow }: DemoOptions): Promise<DemoServers> {
  const stepMs = slow ? SLOW_STEP_MS : 0;
  if (!esxi) {
    const vcenter = await startVCenter({ vms, stepMs, control: true });
    return { all: [vcenter], environment: connection(vcenter, 'VCENTER_PASSWORD', (name) => `VCENTER_${name}`) };
  }
  const hosts = await Promise.all(
    [Math.ceil(vms / 2), Math.floor(vms / 2)].map((share, index) =>
      startVCenter({ kind: 'esxi', vms: share, seed: index + 1, stepMs, control: true }),
    ),
  );
  const each = hosts.map((host, index) =>
    connection(host, `ESXI_PASS_${index + 1}`, (name) => `ESXI_${name}_${index + 1}`),
  );
  return { all: hosts, environment: Object.assign({}, ...each) };
}

function connection(server: VCenter, password: string, option: (name: string) => string): Record<string, string> {
  return {
    [option('HOST')]: server.host,
    [option('USER')]: server.user,
    [password]: server.password,
    [option('THUMBPRINT')]: server.thumbprintSha256 ?? '',
  };
}
