import { Secret } from '../lib/secret.ts';
import type { Environment, EsxiValues } from './environment.ts';
import { type ReadFile, readNamedFile } from './files.ts';
import type { OptionValues } from './options.ts';
import type { Findings } from './problem.ts';

export interface ManagedServerConfig {
  /** What people call it by: its host, with the port where that is not 443. */
  readonly name: string;
  readonly kind: 'vcenter' | 'esxi';
  /** The SOAP endpoint. */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly tls: {
    readonly insecure: boolean;
    /** PEM text. */
    readonly ca?: string;
    /** Lower-case hexadecimal digits: 64 of SHA-256 or 40 of SHA-1. */
    readonly thumbprint?: string;
  };
  readonly placement: {
    readonly datacenter?: string;
    readonly cluster?: string;
    readonly datastore?: string;
    readonly network?: string;
  };
}

/** A server and the variables that its parts came from, for messages. */
interface Described {
  readonly kind: ManagedServerConfig['kind'];
  readonly address: { readonly name: string; readonly url: string };
  readonly host: string;
  readonly user: Named<string>;
  readonly password: Named<string>;
  readonly insecure: Named<boolean>;
  readonly caFile: Named<string>;
  readonly thumbprint: Named<string>;
  readonly placement: Record<string, string | undefined>;
}

interface Named<T> {
  readonly name: string;
  readonly value: T | undefined;
}

/** The servers in their order: the vCenter, ESXI_HOST, then the numbered hosts. The first is the default. */
export function managedServers(
  environment: Environment,
  readFile: ReadFile,
  findings: Findings,
): readonly ManagedServerConfig[] {
  const { values, numbered, given } = environment;
  const servers: ManagedServerConfig[] = [];
  const hosts = new Map<string, string>();
  const add = (described: Described) => {
    const first = hosts.get(described.address.url);
    if (first !== undefined) {
      findings.problems.push({ name: described.host, message: `names the same server as ${first}` });
      return;
    }
    hosts.set(described.address.url, described.host);
    const server = complete(described, given, readFile, findings);
    if (server !== undefined) servers.push(server);
  };

  if (values.VCENTER_HOST) add(vcenter(values, values.VCENTER_HOST));
  if (values.ESXI_HOST) add(esxi(values, {}, '', values.ESXI_HOST));
  for (const [number, own] of numbered) {
    if (own.ESXI_HOST) add(esxi(own, values, `_${number}`, own.ESXI_HOST));
    else if (!given.has(`ESXI_HOST_${number}`)) {
      findings.problems.push({
        name: `ESXI_HOST_${number}`,
        message: `is missing, while other options end in _${number}`,
      });
    }
  }

  if (!given.has('VCENTER_HOST') && [...given].some((name) => name.startsWith('VCENTER_'))) {
    findings.warnings.push('Options of a vCenter are set, and VCENTER_HOST is not: there is no vCenter.');
  }
  const named = [...given].some((name) => name === 'VCENTER_HOST' || /^ESXI_HOST(_\d+)?$/.test(name));
  if (!named) findings.problems.push({ name: 'VCENTER_HOST', message: 'is missing: set it or ESXI_HOST' });
  return Object.freeze(servers);
}

function vcenter(values: Partial<OptionValues>, address: Described['address']): Described {
  return {
    kind: 'vcenter',
    address,
    host: 'VCENTER_HOST',
    user: { name: 'VCENTER_USER', value: values.VCENTER_USER },
    password: { name: 'VCENTER_PASSWORD', value: values.VCENTER_PASSWORD },
    insecure: { name: 'VCENTER_INSECURE', value: values.VCENTER_INSECURE },
    caFile: { name: 'VCENTER_CA_FILE', value: values.VCENTER_CA_FILE },
    thumbprint: { name: 'VCENTER_THUMBPRINT', value: values.VCENTER_THUMBPRINT },
    placement: {
      datacenter: values.VCENTER_DATACENTER,
      cluster: values.VCENTER_CLUSTER,
      datastore: values.VCENTER_DATASTORE,
      network: values.VCENTER_NETWORK,
    },
  };
}

/** What a numbered host does not say itself it takes from the options without number; never a thumbprint. */
function esxi(own: EsxiValues, shared: EsxiValues, suffix: string, address: Described['address']): Described {
  const named = <K extends keyof EsxiValues>(key: K): { name: string; value: EsxiValues[K] | undefined } =>
    own[key] === undefined && shared[key] !== undefined
      ? { name: key, value: shared[key] }
      : { name: key + suffix, value: own[key] };
  return {
    kind: 'esxi',
    address,
    host: `ESXI_HOST${suffix}`,
    user: named('ESXI_USER'),
    password: named('ESXI_PASS'),
    insecure: named('ESXI_INSECURE'),
    caFile: named('ESXI_CA_FILE'),
    thumbprint: { name: `ESXI_THUMBPRINT${suffix}`, value: own.ESXI_THUMBPRINT },
    placement: { network: named('ESXI_NETWORK').value },
  };
}

function complete(
  { kind, address, host, user, password, insecure, caFile, thumbprint, placement }: Described,
  given: ReadonlySet<string>,
  readFile: ReadFile,
  { problems, warnings }: Findings,
): ManagedServerConfig | undefined {
  for (const { name, value } of [user, password]) {
    // A value that was given and refused has its problem already.
    const refused = given.has(name) || given.has(`${name}_FILE`);
    if (value === undefined && !refused) problems.push({ name, message: `is missing, while ${host} is set` });
  }
  if (insecure.value === true) {
    // A host may well be the exception to an authority that it inherits; what is said for itself contradicts.
    const contradicted = [thumbprint, caFile].find(
      ({ name, value }) => value !== undefined && isBeside(name, insecure.name),
    );
    if (contradicted !== undefined) {
      problems.push({ name: insecure.name, message: `makes ${contradicted.name} void: unset one of them` });
    }
    warnings.push(`${insecure.name} accepts any certificate from ${address.name}: the service password can be stolen.`);
  }
  const ca = caFile.value && readNamedFile(caFile.name, caFile.value, readFile, problems)?.text;
  if (ca && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    problems.push({ name: caFile.name, message: 'names a file without a PEM certificate in it' });
  }
  if (user.value === undefined || password.value === undefined) return undefined;
  return Object.freeze({
    name: address.name,
    kind,
    url: address.url,
    username: user.value,
    password: new Secret(password.value),
    tls: Object.freeze({
      insecure: insecure.value ?? false,
      ...(ca ? { ca } : {}),
      ...(thumbprint.value === undefined ? {} : { thumbprint: thumbprint.value }),
    }),
    placement: Object.freeze(withoutUnset(placement)),
  });
}

/** Whether both names carry the same number, or none. */
function isBeside(a: string, b: string): boolean {
  return /_\d+$/.exec(a)?.[0] === /_\d+$/.exec(b)?.[0];
}

function withoutUnset(record: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
