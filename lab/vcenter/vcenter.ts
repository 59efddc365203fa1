/**
 * A vCenter (or an ESXi host) in this process, on loopback: for the demo, and for tests of what vcsim cannot do.
 *
 * A request travels http/ → core/ → the method's table in methods.ts → objects, of which every change is told to
 * the property collectors that wait for it.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createAlarms } from './alarms/alarms.ts';
import { deriveAlarms } from './alarms/methods.ts';
import { watchForAlarms } from './alarms/watch.ts';
import { CONTROL_PATH, controlRoute } from './control/control-route.ts';
import { createEventLog } from './core/events.ts';
import { createInterference, type Interference } from './core/interference.ts';
import { createObjectStore } from './core/object-store.ts';
import { createRandom } from './core/random.ts';
import { type Account, createSessions } from './core/sessions.ts';
import { createTasks } from './core/tasks.ts';
import type { World } from './core/world.ts';
import { folderRoute } from './files/folder-route.ts';
import { createDatastoreFiles } from './files/store.ts';
import { createGuests } from './guest/guests.ts';
import { addGuestManagers } from './guest/managers.ts';
import { guestFileRoute } from './guest/transfer-route.ts';
import { deriveHistory } from './history/derived.ts';
import { type Certificate, createCertificate, thumbprintOf } from './http/certificate.ts';
import { startWebServer, type WebServer } from './http/server.ts';
import { soapRoute } from './http/soap-route.ts';
import { versionsRoute } from './http/versions-route.ts';
import { deriveInventory } from './inventory/derived.ts';
import { describeForEvents } from './inventory/event-arguments.ts';
import { endLeases } from './nfc/lease.ts';
import { nfcRoute } from './nfc/nfc-route.ts';
import { derivePerformance } from './performance/methods.ts';
import { restRoute } from './rest/rest-route.ts';
import { createTags } from './rest/tagging/tags.ts';
import { deriveRights } from './rights/authorization-methods.ts';
import { screenRoute } from './screen/screen-route.ts';
import { seedAlarms } from './seed/alarms.ts';
import { seedHistory } from './seed/history.ts';
import { seedImbalance } from './seed/imbalance.ts';
import { seedInventory } from './seed/inventory.ts';
import { addService, type ServerKind, sessionManagerId } from './seed/service.ts';
import { seedTags } from './seed/tags.ts';
import { deriveCustomFields } from './settings/custom-fields.ts';
import { deriveOptions } from './settings/options.ts';
import { deriveViews } from './views/methods.ts';
import { deriveVms } from './vm/derived.ts';
import { deriveSnapshots } from './vm/snapshots.ts';

export interface VCenterOptions {
  /** Default: vcenter. */
  readonly kind?: ServerKind;
  /** Default 40. */
  readonly vms?: number;
  /** The same seed gives the same inventory. Default 1. */
  readonly seed?: number;
  /** Default: `administrator@vsphere.local` (`root` on an ESXi) with the password `lab-password`. */
  readonly accounts?: readonly Account[];
  /** Milliseconds that a step of a task takes. Default 0. */
  readonly stepMs?: number;
  /** Default: with a certificate of its own. */
  readonly tls?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** Serves faults on demand over HTTP. Default false. */
  readonly control?: boolean;
}

export interface VCenter {
  /** `https://127.0.0.1:port/sdk` */
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly certificate: Certificate | undefined;
  /** Lower-case hexadecimal; undefined without TLS. */
  readonly thumbprintSha256: string | undefined;
  /** What it holds: tests compare with it, and change it behind the clients' backs. */
  readonly world: World;
  /** Faults on demand. */
  readonly interference: Interference;
  /** Faults on demand over HTTP, where they were asked for. */
  readonly control: { readonly url: string; readonly token: string } | undefined;
  /** The same inventory on the same port, every session and connection gone. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startVCenter(options: VCenterOptions = {}): Promise<VCenter> {
  const { kind = 'vcenter', clock = systemClock, tls = true } = options;
  const accounts = options.accounts ?? [
    { name: kind === 'vcenter' ? 'administrator@vsphere.local' : 'root', password: 'lab-password' },
  ];
  const certificate = tls ? await createCertificate() : undefined;
  const controlToken = options.control ? randomUUID() : undefined;
  const world = createWorld({ ...options, kind, clock, accounts, certificate });
  const launch = (port: number) =>
    startWebServer({
      port,
      certificate,
      routes: {
        '/sdk': soapRoute(world),
        '/sdk/vimServiceVersions.xml': versionsRoute,
        '/folder': folderRoute(world),
        '/nfc': nfcRoute(world),
        '/screen': screenRoute(world),
        '/guestFile': guestFileRoute(world),
        // An ESXi has no tags, and none of this API.
        ...(kind === 'vcenter' && { '/api': restRoute(world), '/rest': restRoute(world) }),
        ...(controlToken !== undefined && { [CONTROL_PATH]: controlRoute({ world, restart }, controlToken) }),
      },
    });
  let server: WebServer = await launch(options.port ?? 0);
  const { port } = server;
  world.web.port = port;
  const [{ name: user, password }] = accounts as [Account];
  const host = `127.0.0.1:${port}`;
  const origin = `${tls ? 'https' : 'http'}://${host}`;
  let restarting: Promise<void> | undefined;
  function restart(): Promise<void> {
    restarting ??= closeAndLaunch().finally(() => {
      restarting = undefined;
    });
    return restarting;
  }
  async function closeAndLaunch(): Promise<void> {
    await server.close();
    world.sessions.endAll();
    server = await launch(port);
  }
  return {
    url: `${origin}/sdk`,
    host,
    user,
    password,
    certificate,
    thumbprintSha256: certificate && thumbprintOf(certificate, 'sha256').replaceAll(':', '').toLowerCase(),
    world,
    interference: world.interference,
    control: controlToken === undefined ? undefined : { url: `${origin}${CONTROL_PATH}`, token: controlToken },
    restart,
    async stop() {
      await restarting;
      endLeases(world);
      world.guests.stop();
      await server.close();
    },
  };
}

type WorldOptions = VCenterOptions & {
  readonly kind: ServerKind;
  readonly clock: Clock;
  readonly accounts: readonly Account[];
  readonly certificate: Certificate | undefined;
};

function createWorld(options: WorldOptions): World {
  const { kind, clock, accounts, certificate, vms = 40, seed = 1, stepMs = 0 } = options;
  const random = createRandom(seed);
  const objects = createObjectStore();
  const content = addService(objects, kind, random);
  deriveViews(objects);
  deriveSnapshots(objects);
  const events = createEventLog({ clock, describe: (entity) => describeForEvents(entity, objects) });
  const world: World = {
    kind,
    content,
    clock,
    random,
    objects,
    sessions: createSessions({ accounts, clock, objects, managerId: sessionManagerId(kind) }),
    tasks: createTasks({ clock, objects }),
    events,
    alarms: createAlarms({ kind, objects, clock, events, content }),
    interference: createInterference(),
    files: createDatastoreFiles({ clock, objects }),
    web: certificate
      ? { scheme: 'https', port: 0, thumbprint: thumbprintOf(certificate, 'sha1') }
      : { scheme: 'http', port: 0, thumbprint: '' },
    tags: createTags({ objects, random }),
    guests: createGuests({ clock, objects }),
  };
  deriveInventory(world);
  deriveRights(world);
  deriveHistory(world);
  deriveAlarms(world);
  derivePerformance(world);
  deriveOptions(world);
  deriveCustomFields(world);
  deriveVms(world);
  addGuestManagers(world);
  seedInventory(world, { vms });
  if (kind === 'vcenter') {
    seedTags(world);
    seedAlarms(world);
  }
  seedHistory(world);
  watchForAlarms(world, world.alarms).look();
  seedImbalance(world);
  events.arrange();
  // What the seed did was done long ago.
  world.tasks.stepMs = stepMs;
  return world;
}
