/** What an MCP resource is: the same idea as a tool definition, for things that are only read. */
import type { PermissionLevel } from '../policy/levels.ts';
import type { VsphereCall } from '../vsphere/vsphere.ts';

interface Common {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly permission: PermissionLevel;
  /** The tool that tells the same: where a policy raises its level, that of the resource rises with it. */
  readonly mirrors: string;
}

/** A resource with one fixed URI. `read` returns what becomes its JSON text. */
export interface Resource extends Common {
  readonly uri: string;
  readonly read: (vsphere: VsphereCall) => Promise<unknown>;
}

/** A family of resources: one variable in its URI. */
export interface ResourceTemplate extends Common {
  /** RFC 6570, level 1, with exactly one variable at its end: `datastore://{datastore_name}`. */
  readonly uriTemplate: string;
  readonly read: (vsphere: VsphereCall, value: string) => Promise<unknown>;
}
