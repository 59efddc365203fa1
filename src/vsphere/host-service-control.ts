/** Starting and stopping the services of an ESXi host, and when they start by themselves. */
import { InvalidStateError, UnsupportedError } from './errors.ts';
import { pickService, type Service, toService } from './host-services.ts';
import { requireConnected } from './host-state.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

export interface HostServices {
  /** Its HostServiceSystem. */
  readonly system: ManagedObjectReference;
  readonly services: readonly Service[];
}

/** The host's answer about itself. Errors: INVALID_STATE for a host that is not connected; UNSUPPORTED. */
export async function openHostServices(reader: Reader, host: InventoryObject): Promise<HostServices> {
  const { props } = await reader.readOne('HostSystem', host.ref, [
    'runtime.connectionState',
    'configManager.serviceSystem',
  ]);
  requireConnected(host, { connectionState: props['runtime.connectionState'] });
  const system = props['configManager.serviceSystem'];
  if (system === undefined) {
    throw new UnsupportedError(`${quoted(host.name)} does not let its services be changed, or not by this account.`);
  }
  return { system, services: await readServices(reader, system) };
}

async function readServices(reader: Reader, system: ManagedObjectReference): Promise<Service[]> {
  const { props } = await reader.readOne('HostServiceSystem', system, ['serviceInfo']);
  return (props.serviceInfo?.service ?? []).map(toService);
}

/** What the service is now, asked of the host itself: vCenter's copy of its configuration can lag behind. */
export async function readService(reader: Reader, { system }: HostServices, key: string): Promise<Service> {
  return pickService(await readServices(reader, system), key);
}

/** The agents by which a host is managed: vCenter's own, and what answers the API on the host. */
const AGENT_OF_VCENTER = 'vpxa';
const MANAGEMENT = new Set(['hostd', 'rhttpproxy', 'envoy']);

/** Whether the gateway reaches the host through this service: once stopped, nothing here could start it again. */
export function carriesManagement({ isVcenter }: Pick<Reader, 'isVcenter'>, key: string): boolean {
  return MANAGEMENT.has(key) || (isVcenter && key === AGENT_OF_VCENTER);
}

/** Errors: INVALID_STATE for what the host or the gateway's way to it cannot do without. */
export function requireDispensable(reader: Pick<Reader, 'isVcenter'>, host: InventoryObject, service: Service): void {
  if (carriesManagement(reader, service.key)) {
    throw new InvalidStateError(
      `${quoted(host.name)} is managed through ${quoted(service.key)}: stopped, it could not be started again from here. restart_service restarts it.`,
    );
  }
  if (service.required) {
    throw new InvalidStateError(
      `${quoted(host.name)} requires the service ${quoted(service.key)}: it has to run, and to start with the host.`,
    );
  }
}

/** @param advice what to do otherwise */
export function requireRunning(service: Service, running: boolean, advice: string): void {
  if (service.running !== running) {
    throw new InvalidStateError(
      `The service ${quoted(service.key)} ${service.running ? 'runs already' : 'does not run'}: ${advice}`,
    );
  }
}
