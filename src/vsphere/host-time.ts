/** Where an ESXi host takes its time from: changing it. */
import { isIP } from 'node:net';
import { compareVersions } from '../vim25/versions.ts';
import { InvalidStateError, UnsupportedError } from './errors.ts';
import type { HostServices } from './host-service-control.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

export const NTP_SERVICE = 'ntpd';

/** From here on the time service is switched by the configuration itself. */
const SWITCHED_BY_CONFIGURATION = '7.0.3.0';

/** RFC 1123 §2.1, and the underscore that Windows domains have. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** Whether it is a host name or an IP address: it ends up as a word on a line of `ntp.conf`. */
export function isTimeServer(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
}

/** Errors: UNSUPPORTED where the host's clock cannot be managed. */
export async function setTimeServers(
  reader: Reader,
  host: InventoryObject,
  servers: readonly string[],
  { enable }: { readonly enable: boolean },
): Promise<void> {
  const { system, switched } = await openTime(reader, host);
  await reader.call('UpdateDateTimeConfig', {
    _this: system,
    config: { ntpConfig: { server: servers }, ...(enable && switched ? { protocol: 'ntp', enabled: true } : {}) },
  });
}

export async function readTimeServers(reader: Reader, host: InventoryObject): Promise<readonly string[]> {
  const { system } = await openTime(reader, host);
  const { props } = await reader.readOne('HostDateTimeSystem', system, ['dateTimeInfo']);
  return props.dateTimeInfo?.ntpConfig?.server ?? [];
}

/** Errors: UNSUPPORTED. Reads only: to be called before anything is changed. */
export async function openTime(
  reader: Reader,
  host: InventoryObject,
): Promise<{ readonly system: ManagedObjectReference; readonly switched: boolean }> {
  const { props } = await reader.readOne('HostSystem', host.ref, [
    'configManager.dateTimeSystem',
    'config.product.apiVersion',
  ]);
  const system = props['configManager.dateTimeSystem'];
  if (system === undefined) {
    throw new UnsupportedError(`${quoted(host.name)} does not let its clock be managed, or not by this account.`);
  }
  const versions = [reader.about.apiVersion, props['config.product.apiVersion'] ?? '0'];
  return { system, switched: versions.every((each) => compareVersions(each, SWITCHED_BY_CONFIGURATION) >= 0) };
}

/** Errors: INVALID_STATE for a host without the NTP service. */
export function requireNtpService(host: InventoryObject, { services }: HostServices): void {
  if (!services.some(({ key }) => key === NTP_SERVICE)) {
    throw new InvalidStateError(
      `${quoted(host.name)} has no NTP service: with start_service=false only its servers are set.`,
    );
  }
}
