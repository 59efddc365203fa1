/** The vSphere servers that the gateway speaks to: each connected on first use, none in the way of another. */
import type { Secret } from '../lib/secret.ts';
import type { PlacementPreferences } from './placement.ts';
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
export interface ManagedServerStatus {
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
