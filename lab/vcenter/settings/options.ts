/** OptionManager: the settings of the server, and of each host. */
import type { OptionDef, OptionType, OptionValue } from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { World } from '../core/world.ts';
import { hostOfManager } from '../inventory/host-managers.ts';

const MAX_OPTIONS = 2000;
const KEY = /^[\w.-]{1,255}$/;

const OF_VCENTER: readonly OptionValue[] = [
  { key: 'VirtualCenter.InstanceName', value: 'vcenter.corp.example' },
  { key: 'VirtualCenter.FQDN', value: 'vcenter.corp.example' },
  { key: 'VirtualCenter.ManagedIP', value: '127.0.0.1' },
  { key: 'VirtualCenter.MaxDBConnection', value: 50 },
  { key: 'config.log.level', value: 'info' },
  { key: 'config.vpxd.hostPasswordLength', value: 32 },
  { key: 'config.vpxd.stats.maxQueryMetrics', value: 256 },
  { key: 'config.vpxd.enableDebugBrowse', value: false },
  { key: 'event.maxAge', value: 30 },
  { key: 'event.maxAgeEnabled', value: true },
  { key: 'event.batchsize', value: 1000 },
  { key: 'task.maxAge', value: 30 },
  { key: 'task.maxAgeEnabled', value: true },
  { key: 'client.timeout.normal', value: 30 },
  { key: 'client.timeout.long', value: 120 },
  { key: 'mail.smtp.server', value: '' },
  { key: 'mail.smtp.port', value: '25' },
  { key: 'mail.sender', value: '' },
  { key: 'vpxd.motd', value: '' },
];

/** Of the server itself, over what it was made with. */
const changes = new WeakMap<AnyObject, readonly OptionValue[]>();

function settingsOf(world: World, manager: AnyObject): readonly OptionValue[] {
  const host = isOfServer(world, manager) ? undefined : hostOfManager(world, manager);
  if (host) return host.get('config')?.option ?? [];
  if (world.kind === 'esxi')
    return world.objects.find({ type: 'HostSystem', value: 'ha-host' })?.as('HostSystem')?.get('config')?.option ?? [];
  return changes.get(manager) ?? OF_VCENTER;
}

function isOfServer({ content }: World, manager: AnyObject): boolean {
  return content.setting?.value === manager.id;
}

export function deriveOptions(world: World): void {
  world.objects.derive('OptionManager', 'setting', (manager) => [...settingsOf(world, manager)]);
  world.objects.derive('OptionManager', 'supportedOption', (manager) => settingsOf(world, manager).map(definitionOf));
}

function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

function definitionOf({ key, value }: OptionValue): OptionDef {
  const label = key.slice(key.lastIndexOf('.') + 1);
  return { key, label, summary: label, optionType: typeOf(plain(value)) };
}

function typeOf(value: unknown): OptionType & { readonly $type: string } {
  switch (typeof value) {
    case 'boolean':
      return bare({ $type: 'BoolOption', valueIsReadonly: false, supported: true, defaultValue: value });
    case 'number':
      return bare({ $type: 'IntOption', valueIsReadonly: false, min: 0, max: 2 ** 31 - 1, defaultValue: value });
    default:
      return bare({ $type: 'StringOption', valueIsReadonly: false, defaultValue: String(value) });
  }
}

function bare<T extends { readonly $type: string }>(type: T): T {
  return type;
}

export const optionMethods: MethodTable = {
  // A name that ends in a dot asks for all below it.
  QueryOptions: ({ world, self, request: { name = '' } }) => {
    const all = settingsOf(world, self);
    const found =
      name === '' ? all : all.filter(({ key }) => (name.endsWith('.') ? key.startsWith(name) : key === name));
    if (found.length === 0) throw fault('InvalidName', { name }, `The name ${name} is not valid.`);
    return [...found];
  },
  UpdateOptions: ({ world, session, self, request: { changedValue } }) => {
    const ofServer = isOfServer(world, self);
    const host = ofServer && world.kind === 'vcenter' ? undefined : hostOfManager(world, self);
    demand(
      session,
      host ? 'Host.Config.AdvancedConfig' : 'Global.Settings',
      host ?? world.objects.get(world.content.rootFolder),
    );
    const settings = new Map(settingsOf(world, self).map((each) => [each.key, each]));
    for (const { key, value } of changedValue) {
      const known = settings.get(key);
      // A host knows its settings; a vCenter keeps what extensions put there, too.
      if (!KEY.test(key) || (!known && host))
        throw fault('InvalidName', { name: key }, `The name ${key} is not valid.`);
      if (known && typeof plain(known.value) !== typeof plain(value)) throw invalidArgument('changedValue.value');
      settings.set(key, { key, value });
    }
    if (settings.size > MAX_OPTIONS) throw invalidArgument('changedValue');
    const config = host?.get('config');
    if (host && config) host.set({ config: { ...config, option: [...settings.values()] } });
    else changes.set(self, [...settings.values()]);
    self.touch();
  },
};
