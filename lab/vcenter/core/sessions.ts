/** Sessions: who is logged in, and the objects that live as long as that (views, filters, collectors, tickets). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';
import type { ManagedObjects, UserSession } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault } from './faults.ts';
import { type AnyObject, ManagedObject, type ManagedType } from './managed-object.ts';
import type { ObjectStore } from './object-store.ts';

export interface Account {
  readonly name: string;
  readonly password: string;
  /**
   * Whether it may use a privilege, `VirtualMachine.Interact.PowerOn`. Default: every one.
   *
   * @param object where what is asked about is one object: so that it may read some, and others not
   */
  readonly may?: (privilege: string, object?: ManagedObjectReference) => boolean;
}

export interface Session {
  /** The cookie's value. */
  readonly id: string;
  /** What UserSession shows: never the cookie. */
  readonly key: string;
  readonly account: Account | undefined;
  readonly loginTime: number;
  readonly lastActiveTime: number;
  readonly userAgent: string;
  /** What lives as long as the session. */
  readonly objects: SessionObjects;
}

export interface SessionObjects {
  add<T extends ManagedType>(
    type: T | (string & {}),
    values: Partial<ManagedObjects[T]>,
    onEnd?: () => void,
  ): ManagedObject<T>;
  find(id: string): AnyObject | undefined;
  remove(id: string): void;
}

export interface Sessions {
  /** The session of a cookie, its idle time begun anew; a new one, not logged in, where there is none. */
  open(cookie: string | undefined, userAgent: string): Session;
  /** The session of a cookie where it is there and logged in. For what is not SOAP: files, screenshots. */
  loggedIn(cookie: string | undefined): Session | undefined;
  /** Errors: the fault InvalidLogin. */
  logIn(session: Session, user: string, password: string): Session;
  end(session: Session): void;
  /** Every login is gone, as after a restart of the service. */
  endAll(): void;
  list(): Session[];
  /** The account of that name, logged in or not; upper and lower case are the same. */
  account(name: string): Account | undefined;
}

type Mutable = { -readonly [P in keyof Session]: Session[P] };

export const SESSION_COOKIE = 'vmware_soap_session';
const IDLE_MS = 30 * 60_000;
const MAX_SESSIONS = 2_000;

export interface SessionsOptions {
  readonly accounts: readonly Account[];
  readonly clock: Clock;
  readonly objects: ObjectStore;
  /** The id of the SessionManager: each session sees its own `currentSession` and all the logins there. */
  readonly managerId: string;
}

export function createSessions({ accounts, clock, objects: store, managerId }: SessionsOptions): Sessions {
  const sessions = new Map<string, Mutable>();
  let lastObject = 0;

  const createObjects = (session: () => Session): SessionObjects & { clear(): void } => {
    const objects = new Map<string, { object: AnyObject; onEnd?: (() => void) | undefined }>();
    const shown: Readonly<Record<string, () => unknown>> = {
      currentSession: () => (session().account ? userSession(session()) : undefined),
      sessionList: () => list().map(userSession),
    };
    const own = (type: string, property: string) =>
      (type === 'SessionManager' && shown[property]) || store.derived(type, property);
    const holder = { derived: own, changed: store.changed };
    const manager = new ManagedObject<'SessionManager'>(holder, { type: 'SessionManager', value: managerId }, {});
    objects.set(managerId, { object: manager });
    return {
      add(type, values, onEnd) {
        const ref = { type, value: `session[${randomUUID()}]${++lastObject}` };
        const object = new ManagedObject<never>(holder, ref, values);
        objects.set(ref.value, { object, onEnd });
        return object as never;
      },
      find: (id) => objects.get(id)?.object,
      remove(id) {
        const entry = objects.get(id);
        objects.delete(id);
        entry?.onEnd?.();
      },
      clear() {
        for (const id of [...objects.keys()]) this.remove(id);
      },
    };
  };
  const accountNamed = (user: string) => accounts.find(({ name }) => name.toLowerCase() === user.toLowerCase());
  const list = () => [...sessions.values()].filter(({ account }) => account);
  const drop = (session: Session) => {
    sessions.delete(session.id);
    (session.objects as ReturnType<typeof createObjects>).clear();
  };
  const current = (cookie: string | undefined): Mutable | undefined => {
    const session = sessions.get(cookie ?? '');
    if (!session) return undefined;
    if (clock.now() - session.lastActiveTime > IDLE_MS) {
      drop(session);
      return undefined;
    }
    session.lastActiveTime = clock.now();
    return session;
  };

  return {
    open(cookie, userAgent) {
      const known = current(cookie);
      if (known) return known;
      const now = clock.now();
      const session: Mutable = {
        id: randomUUID(),
        key: randomUUID(),
        account: undefined,
        loginTime: now,
        lastActiveTime: now,
        userAgent,
        objects: createObjects(() => session),
      };
      sessions.set(session.id, session);
      if (sessions.size > MAX_SESSIONS) drop(sessions.values().next().value!);
      return session;
    },
    loggedIn(cookie) {
      const session = current(cookie);
      return session?.account ? session : undefined;
    },
    logIn(session, user, password) {
      const account = accountNamed(user);
      if (!account || account.password !== password) {
        throw fault('InvalidLogin', {}, 'Cannot complete login due to an incorrect user name or password.');
      }
      const own = sessions.get(session.id);
      if (!own) throw notAuthenticated();
      own.account = account;
      own.loginTime = clock.now();
      return own;
    },
    end: drop,
    endAll() {
      for (const session of [...sessions.values()]) drop(session);
    },
    list,
    account: accountNamed,
  };
}

export function notAuthenticated() {
  return fault(
    'NotAuthenticated',
    { object: { type: 'ServiceInstance', value: 'ServiceInstance' }, privilegeId: 'System.View' },
    'The session is not authenticated.',
  );
}

export function userSession({ key, account, loginTime, lastActiveTime, userAgent }: Session): UserSession {
  return {
    key,
    userName: account?.name ?? '',
    fullName: account?.name ?? '',
    loginTime: new Date(loginTime).toISOString(),
    lastActiveTime: new Date(lastActiveTime).toISOString(),
    locale: 'en',
    messageLocale: 'en',
    extensionSession: false,
    ipAddress: '127.0.0.1',
    userAgent,
    callCount: 0,
  };
}
