/**
 * An OpenID provider on loopback, in this process: what a company has, for the demo and for tests.
 *
 * `behaviour`, `people` and `endpoints` are switches; every switch counts from the next request on.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { type Behaviour, plainBehaviour } from './behaviour.ts';
import { createClockedStorage } from './clocked-storage.ts';
import { type LabClient, providerConfiguration } from './configuration.ts';
import { createEndpoints, type Endpoints } from './endpoints.ts';
import { createSigningKeys, type SigningKeys } from './keys.ts';
import { loginPages } from './login.ts';
import { endSessions, type LogoutDelivery, logoutClaims } from './logout.ts';
import { createPeople, type People } from './people.ts';
import { createReissue } from './reissue.ts';

export interface IdentityProviderOptions {
  readonly clients: readonly LabClient[];
  /** Milliseconds since the epoch; the machine's clock where none is given. */
  readonly clock?: { now(): number };
  readonly behaviour?: Partial<Behaviour>;
  /** A free one where none is given. */
  readonly port?: number;
  /** Public origin → the origin on loopback where it really is, for back-channel logout. */
  readonly resolve?: Readonly<Record<string, string>>;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly behaviour: Behaviour;
  readonly people: People;
  readonly endpoints: Endpoints;
  /** The behaviour and the people of the start again, and every endpoint in order. Sessions stay. */
  reset(): void;
  /** One more client, or new data of a client. */
  register(client: LabClient): void;
  /** Where a public origin really is, from now on. */
  resolve(publicOrigin: string, origin: string): void;
  rotateKeys(options?: { keepOld?: boolean }): Promise<void>;
  /** Signs any claims with a key of the provider. */
  sign: SigningKeys['sign'];
  /** The logout token that would be sent, with claims put in place of its own; `undefined` takes one away. */
  logoutToken(about: LogoutSubject, claims?: Record<string, unknown>): Promise<string>;
  /** Ends every session of a person, with its tokens, and tells the clients. */
  endSessions(name: string): Promise<readonly LogoutDelivery[]>;
  stop(): Promise<void>;
}

export interface LogoutSubject {
  readonly clientId: string;
  readonly sub?: string;
  readonly sid?: string;
}

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { clock = { now: () => Date.now() } } = options;
  const aheadSeconds = () => Math.round((clock.now() - Date.now()) / 1000);
  const storage = createClockedStorage(aheadSeconds);
  const people = createPeople();
  const endpoints = createEndpoints();
  const keys = await createSigningKeys();
  const start = { ...plainBehaviour(), ...options.behaviour };
  const behaviour: Behaviour = { ...start };
  const clients = new Map(options.clients.map((client) => [client.client_id, client]));
  const origins = new Map(Object.entries(options.resolve ?? {}));
  const cookieKeys = [crypto.randomUUID()];
  let answer: ReturnType<Provider['callback']>;

  const server = createServer(async (request, response) => {
    if (await endpoints.admit(request, response)) await answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reissue = createReissue({ issuer, behaviour, people, keys, aheadSeconds, alias: storage.alias });

  async function deliver(uri: string, body: URLSearchParams): Promise<number | undefined> {
    const url = new URL(uri);
    const target = new URL(`${url.pathname}${url.search}`, origins.get(url.origin) ?? url.origin);
    const answered = await fetch(target, { method: 'POST', body, redirect: 'manual' }).catch(() => undefined);
    return answered?.status;
  }

  /** oidc-provider's own logout message, on the lab's time and to where the client really is. */
  const deliverNatively: typeof fetch = async (url, init) => {
    const token = new URLSearchParams(String(init?.body)).get('logout_token') ?? '';
    const logout_token = await reissue.onLabTime(token);
    const status = await deliver(String(url), new URLSearchParams({ logout_token }));
    return new Response(null, { status: status ?? 502 });
  };

  /** Clients and keys are read once by oidc-provider; what it remembers is in the storage, which stays. */
  function rebuild(): void {
    const provider = new Provider(
      issuer,
      providerConfiguration({
        clients: [...clients.values()],
        people,
        behaviour,
        storage,
        keys,
        cookieKeys,
        fetch: deliverNatively,
      }),
    );
    provider.use(reissue.middleware as Parameters<Provider['use']>[0]);
    provider.use(loginPages(provider, people) as Parameters<Provider['use']>[0]);
    answer = provider.callback();
  }
  rebuild();

  const now = () => Math.floor(clock.now() / 1000);
  const logout = { issuer, storage, keys, behaviour, clients: () => [...clients.values()], now, deliver };
  return {
    issuer,
    behaviour,
    people,
    endpoints,
    reset() {
      Object.assign(behaviour, start);
      people.restore();
      endpoints.mend();
    },
    register(client) {
      clients.set(client.client_id, client);
      rebuild();
    },
    resolve(publicOrigin, origin) {
      origins.set(publicOrigin, origin);
    },
    async rotateKeys(rotation) {
      await keys.rotate(rotation);
      rebuild();
    },
    sign: keys.sign,
    logoutToken: (about, claims = {}) =>
      keys.sign(
        { ...logoutClaims(logout, about), ...claims },
        { alg: behaviour.signingAlg, header: { typ: 'logout+jwt' } },
      ),
    endSessions: (name) => endSessions(logout, people.get(name).sub),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
