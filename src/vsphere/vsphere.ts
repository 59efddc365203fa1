/** One connected vSphere server, and the view of it that one call gets. */
import type { AboutInfo } from '../vim25/generated/types.ts';
import type { Inventory } from './inventory.ts';
import type { Placement } from './placement.ts';
import type { PropertyWatcher } from './property-watcher.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import type { Tags } from './tags.ts';
import type { Tasks } from './tasks.ts';

interface CallOptions {
  /** Written to vCenter's logs and tasks with every request of the call. */
  readonly operationId: string;
  readonly signal: AbortSignal;
}

export interface Vsphere {
  readonly name: string;
  readonly kind: 'vcenter' | 'esxi';
  readonly about: AboutInfo;
  /** A cheap view: every request made through it carries the call's id and honours its signal. */
  forCall(call: CallOptions): VsphereCall;
}

/** What a tool's handler works with. */
export interface VsphereCall extends Reader {
  readonly inventory: Inventory;
  readonly tasks: Tasks;
  readonly tags: Tags;
  readonly defaults: Placement;
  /** Tells of an object's properties now and of each change, until the returned function is called. */
  readonly watch: PropertyWatcher['watch'];
  /** UNSUPPORTED with one sentence when the server is a lone ESXi host. */
  requireVcenter(tool: string): void;
  /** Leaves a user event on an object; never rejects. */
  logUserEvent(ref: ManagedObjectReference, message: string): Promise<'logged' | 'refused'>;
}
