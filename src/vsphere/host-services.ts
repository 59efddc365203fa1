/** The services of an ESXi host (SSH, NTP, …) and its time settings. */
import type { HostService } from '../vim25/generated/types.ts';
import { InvalidStateError, ObjectNotFoundError } from './errors.ts';
import { isFault } from './faults.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import { nearNames } from './near-names.ts';
import type { Reader } from './reader.ts';

export interface Service {
  /** What the API calls it: `TSM-SSH`, `ntpd`. */
  readonly key: string;
  readonly label: string;
  /** `on` (with the host), `off` (by hand) or `automatic` (with its firewall ports). */
  readonly policy: string;
  readonly running: boolean;
  readonly required: boolean;
  readonly uninstallable: boolean;
}

/** In one round trip. INVALID_STATE for a host whose configuration cannot be read. */
export async function listHostServices(reader: Reader, host: InventoryObject): Promise<Service[]> {
  const { props } = await reader.readOne('HostSystem', host.ref, ['config.service.service']);
  const services = props['config.service.service'];
  if (services === undefined) throw unreadable(host);
  return services.map(toService);
}

export function toService({ key, label, policy, running, required, uninstallable }: HostService): Service {
  return { key, label, policy, running, required, uninstallable };
}

/** The one service with this key; NOT_FOUND tells the near ones. */
export function pickService(services: readonly Service[], key: string): Service {
  const service = services.find((each) => each.key === key);
  if (service !== undefined) return service;
  const near = nearNames(
    key,
    services.map((each) => each.key),
  );
  const hint =
    near.length === 0 ? ' list_services tells which there are.' : ` Did you mean ${near.map(quoted).join(', ')}?`;
  throw new ObjectNotFoundError(`The host has no service ${quoted(key)}.${hint}`);
}

export interface TimeConfiguration {
  readonly ntpServers: readonly string[];
  /** Absent where the host has no NTP service to ask about. */
  readonly serviceRunning: boolean | undefined;
  readonly servicePolicy: string | undefined;
  /** ISO 8601; absent where the host cannot be asked. */
  readonly currentTime: string | undefined;
  readonly timezone: string | undefined;
}

/** Settings and service in one round trip, the host's clock in a second. */
export async function readTimeConfiguration(reader: Reader, host: InventoryObject): Promise<TimeConfiguration> {
  const { props } = await reader.readOne('HostSystem', host.ref, [
    'config.dateTimeInfo',
    'config.service.service',
    'configManager.dateTimeSystem',
  ]);
  const time = props['config.dateTimeInfo'];
  const services = props['config.service.service'];
  if (time === undefined && services === undefined) throw unreadable(host);
  const ntp = services?.find(({ key }) => key === 'ntpd');
  const system = props['configManager.dateTimeSystem'];
  return {
    ntpServers: time?.ntpConfig?.server ?? [],
    serviceRunning: ntp?.running,
    servicePolicy: ntp?.policy,
    currentTime: system === undefined ? undefined : await currentTime(reader, system),
    timezone: time?.timeZone?.name,
  };
}

/** A host that may not be asked for its time still has settings to tell. */
async function currentTime(
  reader: Reader,
  system: { readonly type: string; readonly value: string },
): Promise<string | undefined> {
  try {
    return await reader.call('QueryDateTime', { _this: system });
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

function unreadable(host: InventoryObject): InvalidStateError {
  return new InvalidStateError(
    `The configuration of ${quoted(host.name)} cannot be read: it is disconnected, or the account may not see it.`,
  );
}
