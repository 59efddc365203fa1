/** Everything that the lab's server holds: what every method works on. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { ServiceContent } from '../../../src/vim25/generated/types.ts';
import type { Alarms } from '../alarms/alarms.ts';
import type { DatastoreFiles } from '../files/store.ts';
import type { Guests } from '../guest/guests.ts';
import type { Tags } from '../rest/tagging/tags.ts';
import type { EventLog } from './events.ts';
import type { Interference } from './interference.ts';
import type { ObjectStore } from './object-store.ts';
import type { Random } from './random.ts';
import type { Sessions } from './sessions.ts';
import type { Tasks } from './tasks.ts';

export interface World {
  readonly kind: 'vcenter' | 'esxi';
  readonly content: ServiceContent;
  readonly clock: Clock;
  readonly random: Random;
  readonly objects: ObjectStore;
  readonly sessions: Sessions;
  readonly tasks: Tasks;
  readonly events: EventLog;
  readonly alarms: Alarms;
  readonly interference: Interference;
  readonly files: DatastoreFiles;
  /** How its web server is reached: for URLs and thumbprints that it hands out. */
  readonly web: WebAddress;
  readonly tags: Tags;
  /** The operating systems inside the VMs. */
  readonly guests: Guests;
}

export interface WebAddress {
  readonly scheme: 'https' | 'http';
  /** 0 until it listens. */
  port: number;
  /** SHA-1 of the certificate as vSphere writes it, `AB:CD:…`; empty without TLS. */
  readonly thumbprint: string;
  /** What addresses of guests' files begin with, where it is another server: that of an ESXi host. */
  guestFileOrigin?: string;
}
