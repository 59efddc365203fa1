/** What `doctor` looks at, built from the same parts as the gateway and without serving anybody. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createPolicyOf, createServersOf, createVerifier } from './app.ts';
import { verifyAuditFile } from './audit/verify.ts';
import type { Config } from './config/config.ts';
import { systemClock } from './lib/clock.ts';
import { GatewayError } from './lib/errors.ts';
import type { Logger } from './lib/logger.ts';
import { inspectLogin, type LoginInspection } from './login-inspection.ts';
import { discoverProvider } from './oauth/discovery.ts';
import type { Policy } from './policy/policy.ts';
import { describeAccount } from './vsphere/account.ts';

const PATIENCE_MS = 15_000;

export interface Inspection {
  policy(): Promise<Policy>;
  provider(): Promise<{ readonly jwksUri: string; ready(): Promise<boolean> }>;
  /** The provider's clock, in milliseconds since the epoch, to the second. */
  providerTime(): Promise<number>;
  /** Where people log in through the gateway. */
  readonly login?: LoginInspection;
  vsphere(name: string): Promise<InspectedServer>;
  /** Says in what state the audit file is; rejects when it cannot be written or is not what was written. */
  auditFile(): Promise<string>;
  close(): Promise<void>;
}

interface InspectedServer {
  readonly version: string;
  /** What the service account sees and may do. */
  reach(): Promise<string>;
  /** Milliseconds since the epoch. */
  time(): Promise<number>;
}

export function inspect({ config, logger }: { readonly config: Config; readonly logger: Logger }): Inspection {
  const clock = systemClock;
  const servers = createServersOf(config, clock, logger);
  const oauth = () => {
    if (config.oauth === undefined) throw new Error('OAuth is off');
    return config.oauth;
  };
  const login = config.oauth?.login;

  return {
    policy: () => createPolicyOf(config),
    async provider() {
      const { jwksUri } = await discoverProvider(oauth());
      const verifier = await createVerifier(oauth(), clock, logger);
      return { jwksUri, ready: () => verifier.ready() };
    },
    async providerTime() {
      const answer = await fetch(`${oauth().issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await answer.body?.cancel();
      const date = Date.parse(answer.headers.get('date') ?? '');
      if (Number.isNaN(date)) throw new Error('the provider does not tell its time: compare the clocks by hand');
      return date;
    },
    ...(login === undefined ? {} : { login: inspectLogin({ oauth: oauth(), login, clock, logger }) }),
    async vsphere(name) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const server = await servers.get(name, signal);
      const call = server.forCall({ operationId: 'doctor', signal });
      return {
        version: `${server.about.fullName}, API ${server.about.apiVersion}`,
        reach: () => describeAccount(call),
        time: async () => {
          const serviceInstance = { type: 'ServiceInstance', value: 'ServiceInstance' };
          return Date.parse(await call.call('CurrentTime', { _this: serviceInstance }));
        },
      };
    },
    auditFile: () => inspectAuditFile(config.audit),
    close: () => servers.close(),
  };
}

async function inspectAuditFile({ file, key, checkpointFile }: Config['audit']): Promise<string> {
  const there = await stat(file).catch(() => undefined);
  const place = there === undefined ? await nearestFolder(file) : file;
  await access(place, constants.W_OK).catch((cause: unknown) => {
    throw new GatewayError('AUDIT_UNAVAILABLE', `${place} cannot be written: no change is made without a record.`, {
      cause,
    });
  });
  if (there === undefined) return `${file} will be made at the first start`;
  const report = await verifyAuditFile(file, { key, checkpointFile });
  if (!report.ok) throw new GatewayError('AUDIT_UNAVAILABLE', report.summary);
  return `${file}: ${report.summary}`;
}

/** The folder that is there already, on the way to a file that is not. */
async function nearestFolder(path: string): Promise<string> {
  const folder = dirname(path);
  const there = await stat(folder).catch(() => undefined);
  return there !== undefined || folder === path ? folder : nearestFolder(folder);
}
