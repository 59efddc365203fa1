/** The vSphere servers that the gateway speaks to: each connected on first use, none in the way of another. */

import { abortable } from '../lib/abortable.ts';
import { bounded } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { connectVim } from '../vim25/client.ts';
import { listed, ObjectNotFoundError, ServerUnavailableError } from './errors.ts';
import { isFault } from './faults.ts';
import { quoted } from './names.ts';
import type { PlacementPreferences } from './placement.ts';
import { type ConnectedVsphere, createVsphere } from './server-connection.ts';
import type { Vsphere } from './vsphere.ts';

export interface ManagedServerOptions {
  /** What callers write as `host`. */
  readonly name: string;
  /** What the configuration takes it for; the server itself has the last word. */
  readonly kind: 'vcenter' | 'esxi';
  /** `https://vcenter.example.com/sdk` */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly tls: {
    readonly insecure: boolean;
    readonly ca?: string | undefined;
    readonly thumbprint?: string | undefined;
  };
  readonly placement?: PlacementPreferences;
}

/** What may be told about a server: no credentials in it. */
interface ManagedServerStatus {
  readonly name: string;
  readonly kind: 'vcenter' | 'esxi';
  /** Host and port of its URL. */
  readonly host: string;
  readonly user: string;
  readonly network?: string | undefined;
  readonly insecure: boolean;
  readonly default: boolean;
  readonly connected: boolean;
  /** Why the last attempt failed, in words for callers; absent while all is well. */
  readonly lastError?: string | undefined;
}

export interface ManagedServers {
  list(): readonly ManagedServerStatus[];
  /**
   * The named server, connected; the first one when no name is given. Concurrent first uses share one login.
   *
   * Errors: NOT_FOUND (with the names), UNAVAILABLE (this server only).
   */
  get(name?: string, signal?: AbortSignal): Promise<Vsphere>;
  /** Logs out everywhere, in bounded time. */
  close(): Promise<void>;
}

interface Options {
  /** The first one is the default. */
  readonly servers: readonly ManagedServerOptions[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent?: string;
}

export function createManagedServers({ servers, clock, logger, userAgent }: Options): ManagedServers {
  const all = new Map(
    servers.map((options) => [options.name, createServer(options, { clock, logger, userAgent })] as const),
  );
  let closed = false;

  return {
    list() {
      return [...all.values()].map((server, index) => ({ ...server.status(), default: index === 0 }));
    },

    async get(name, signal) {
      if (closed) throw new GatewayError('UNAVAILABLE', 'The gateway is shutting down.');
      const [first] = all.values();
      const server = name === undefined ? first : all.get(name);
      if (server === undefined) {
        const known = listed([...all.keys()].map(quoted));
        throw new ObjectNotFoundError(
          name === undefined ? 'No server is configured.' : `There is no server ${quoted(name)}; there are ${known}.`,
        );
      }
      return abortable(server.connected(), signal);
    },

    async close() {
      closed = true;
      await Promise.all([...all.values()].map((server) => server.close()));
    },
  };
}

interface Server {
  status(): Omit<ManagedServerStatus, 'default'>;
  connected(): Promise<ConnectedVsphere>;
  close(): Promise<void>;
}

type Surroundings = Pick<Options, 'clock' | 'logger' | 'userAgent'>;

/** Logging in after a refusal is left alone for so long: a service account must not be locked out by attempts. */
const REFUSED_LOGIN_PAUSE_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;

function createServer(options: ManagedServerOptions, surroundings: Surroundings): Server {
  const { name, url, username, tls, placement } = options;
  const { clock, logger, userAgent } = surroundings;
  const log = logger.child({ server: name });
  const closing = new AbortController();
  let connecting: Promise<ConnectedVsphere> | undefined;
  let vsphere: ConnectedVsphere | undefined;
  let up = false;
  let lastError: string | undefined;
  let refused: { readonly error: ServerUnavailableError; readonly until: number } | undefined;

  return {
    status: () => ({
      name,
      kind: vsphere?.kind ?? options.kind,
      host: new URL(url).host,
      user: username,
      network: placement?.network,
      insecure: tls.insecure,
      connected: up,
      lastError,
    }),

    async connected() {
      if (vsphere !== undefined) return vsphere;
      if (refused !== undefined && clock.monotonic() < refused.until) throw refused.error;
      connecting ??= connect().finally(() => {
        connecting = undefined;
      });
      return connecting;
    },

    async close() {
      up = false;
      closing.abort();
      const opening = vsphere === undefined ? connecting : Promise.resolve(vsphere);
      if (opening === undefined) return;
      const closed = opening.then((open) => open.close());
      await bounded(closed, CLOSE_TIMEOUT_MS);
    },
  };

  async function connect(): Promise<ConnectedVsphere> {
    try {
      const { password } = options;
      const { signal } = closing;
      const client = await connectVim({ url, username, password, tls, clock, logger: log, userAgent, signal });
      vsphere = createVsphere({ name, client, clock, logger: log, placement, onOutcome });
      up = true;
      lastError = undefined;
      log.info({ version: vsphere.about.fullName, kind: vsphere.kind }, 'connected');
      await vsphere.warmUp().catch((err: unknown) => log.debug({ err }, 'the view of all VMs was not made ahead'));
      return vsphere;
    } catch (cause) {
      const why = cause instanceof GatewayError ? cause.message : 'the connection failed.';
      const error = new ServerUnavailableError(name, why, cause);
      lastError = why;
      if (isFault(cause, 'InvalidLogin')) refused = { error, until: clock.monotonic() + REFUSED_LOGIN_PAUSE_MS };
      log.warn({ err: cause }, 'could not connect');
      throw error;
    }
  }

  /** Only what says that the server cannot be reached counts: a fault is an answer, unless it refuses the login. */
  function onOutcome(error?: unknown): void {
    const answered = isFault(error) && !isFault(error, 'InvalidLogin');
    const unreachable = error instanceof GatewayError && error.code === 'UNAVAILABLE' && !answered;
    if (unreachable) lastError = error.message;
    else if (error === undefined || answered) lastError = undefined;
    else return;
    up = !unreachable;
  }
}
