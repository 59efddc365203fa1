/** A logged-in client of one vCenter or ESXi server. */
import { randomUUID } from 'node:crypto';
import { bounded } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Secret } from '../lib/secret.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { isSoapFault } from './faults.ts';
import type {
  AboutInfo,
  Methods,
  ObjectContent,
  PropertyFilterSpec,
  RetrieveResult,
  ServiceContent,
} from './generated/types.ts';
import { type KeepAlive, startKeepAlive } from './keepalive.ts';
import { withRelogin } from './relogin.ts';
import { withReplay } from './replay.ts';
import { createRestClient, type RestClient } from './rest-client.ts';
import { createSession, type Session, type SessionState } from './session.ts';
import { createSoapChannel, type Send, type SendWith, type SoapCall } from './soap-channel.ts';
import type { TlsOptions } from './tls.ts';
import { createTransport, type Timeouts, type Transport } from './transport.ts';
import { compareVersions, negotiateVersion } from './versions.ts';
import type { XmlLimits } from './xml-reader.ts';

export interface VimClientOptions {
  /** `https://vcenter.example.com/sdk`; the path may be left out. */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  readonly tls: TlsOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent?: string | undefined;
  readonly timeouts?: Timeouts | undefined;
  /** Of each answer. */
  readonly limits?: XmlLimits | undefined;
  /** Of idleness after which the session is used so that it stays. Default 10 minutes. */
  readonly keepAliveMs?: number | undefined;
  /** Ends the connecting, not the connection. */
  readonly signal?: AbortSignal | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Appears in vCenter's logs, tasks and events. Made up where it is left out. */
  readonly operationId?: string | undefined;
  /** The method waits for something to happen, on a connection of its own. */
  readonly longPoll?: boolean | undefined;
  /** Takes the objects of a RetrieveResult as they arrive; the result then comes without them. */
  readonly onObject?: ((object: ObjectContent) => void) | undefined;
}

export interface RetrieveOptions extends Pick<CallOptions, 'signal' | 'operationId'> {
  /** Objects a page; the server's own choice when left out. */
  readonly maxObjects?: number | undefined;
}

export interface VimClient {
  readonly serviceContent: ServiceContent;
  readonly about: AboutInfo;
  /** The API version that is spoken. */
  readonly version: string;
  /** Grows with each login: views, filters and collectors of an earlier one are gone. */
  readonly generation: number;
  /** vCenter's other API, with a session of its own that the first call makes. */
  readonly rest: Pick<RestClient, 'call'>;
  /**
   * One method of the API. A result that may be absent is undefined; an array never is.
   *
   * Errors: `SoapFault`, `TransportError`, `ProtocolError`, `InterruptedCallError`; INVALID_INPUT for a value that
   * cannot be sent.
   */
  call<M extends keyof Methods>(
    method: M,
    request: Methods[M]['request'],
    options?: CallOptions,
  ): Promise<Methods[M]['response']>;
  /** Gives every object that the filters select to `each`, one by one, through all pages. Errors: as `call`. */
  retrieveProperties(
    filters: readonly PropertyFilterSpec[],
    each: (object: ObjectContent) => void,
    options?: RetrieveOptions,
  ): Promise<void>;
  /** Logs out, in bounded time, and closes every connection. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 10 * 60_000;
const LOGOUT_MS = 5_000;
const SERVICE_INSTANCE = { type: 'ServiceInstance', value: 'ServiceInstance' } as const;

/** Connects and logs in. Errors: as a call's; a `SoapFault` of type InvalidLogin when the login is refused. */
export async function connectVim(options: VimClientOptions): Promise<VimClient> {
  const { clock, logger, limits, timeouts, tls, userAgent = 'mcvsphere', signal } = options;
  const url = sdkUrl(options);
  const path = url.pathname;
  const transport = createTransport({ url, tls, userAgent, timeouts });
  // Connections of its own: where this API holds still, the other one goes on.
  const restTransport = createTransport({ url, tls, userAgent, timeouts });
  let version = '6.5';
  const send = createSoapChannel({ transport, path, version: () => version, limits });
  try {
    version = await negotiateVersion(transport, `${path}/vimServiceVersions.xml`, signal);
    const serviceContent = (await send(
      {
        method: 'RetrieveServiceContent',
        request: { _this: SERVICE_INSTANCE },
        operationId: newOperationId(),
        signal,
      },
      createCookieJar(),
    )) as ServiceContent;
    const { about } = serviceContent;
    if (compareVersions(about.apiVersion, '7.0') < 0) {
      logger.warn({ api_version: about.apiVersion, product: about.fullName }, 'this vSphere is older than 7.0');
    }
    const login = () => logIn(send, serviceContent, options);
    const isRefusal = (error: unknown) => isSoapFault(error, 'InvalidLogin');
    const session = createSession({ login, isRefusal, clock, logger });
    await session.current(signal);
    const rest = createRestClient({ transport: restTransport, ...options });
    return createClient({ transport, restTransport, send, session, rest, serviceContent, version, options });
  } catch (error) {
    await Promise.all([transport.close(), restTransport.close()]);
    throw error;
  }
}

interface ClientParts {
  readonly transport: Transport;
  readonly restTransport: Transport;
  readonly send: SendWith;
  readonly session: Session<CookieJar>;
  readonly rest: RestClient;
  readonly serviceContent: ServiceContent;
  readonly version: string;
  readonly options: VimClientOptions;
}

function createClient(parts: ClientParts): VimClient {
  const { send, session, rest, serviceContent, version, options } = parts;
  const { clock, logger, keepAliveMs = KEEP_ALIVE_MS } = options;
  const isAlive = (state: SessionState<CookieJar>, signal?: AbortSignal) =>
    hasSession(send, state, serviceContent, signal);
  const keepAlive = startKeepAlive({
    idleMs: keepAliveMs,
    clock,
    ping: () => ping(send, session, logger),
  });
  const sendUsed: SendWith = (call, jar) => {
    keepAlive.used();
    return send(call, jar);
  };
  const perform: Send = withReplay(withRelogin({ send: sendUsed, session, isAlive }));
  let closing: Promise<void> | undefined;

  const call: VimClient['call'] = (method, request, { onObject, operationId = newOperationId(), ...rest } = {}) =>
    perform({
      method,
      request,
      operationId,
      ...rest,
      ...(onObject && { stream: streamOf(onObject) }),
    }) as Promise<Methods[typeof method]['response']>;

  return {
    serviceContent,
    about: serviceContent.about,
    version,
    get generation() {
      return session.generation;
    },
    call,
    rest,
    async retrieveProperties(filters, each, { maxObjects, ...rest } = {}) {
      const _this = serviceContent.propertyCollector;
      const settings = { ...rest, onObject: each };
      const page = await call(
        'RetrievePropertiesEx',
        { _this, specSet: filters, options: maxObjects === undefined ? {} : { maxObjects } },
        settings,
      );
      let token = page?.token;
      while (token !== undefined) {
        const next: RetrieveResult = await call('ContinueRetrievePropertiesEx', { _this, token }, settings);
        token = next.token;
      }
    },
    close() {
      closing ??= end({ ...parts, keepAlive, logger });
      return closing;
    },
  };
}

function streamOf(onObject: (object: ObjectContent) => void): NonNullable<SoapCall['stream']> {
  return { type: 'RetrieveResult', field: 'objects', each: (item) => onObject(item as ObjectContent) };
}

async function logIn(
  send: SendWith,
  { sessionManager }: ServiceContent,
  { username, password }: VimClientOptions,
): Promise<CookieJar> {
  const jar = createCookieJar();
  const request = { _this: sessionManager, userName: username, password: password.reveal() };
  await send({ method: 'Login', request, operationId: newOperationId() }, jar);
  return jar;
}

/** Reads who the session is of: answered without a session, too, and then with nothing. */
async function hasSession(
  send: SendWith,
  { credential }: SessionState<CookieJar>,
  { propertyCollector, sessionManager }: ServiceContent,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const specSet = [
    {
      propSet: [{ type: 'SessionManager', pathSet: ['currentSession'] }],
      objectSet: [{ obj: sessionManager, skip: false }],
    },
  ];
  const call = {
    method: 'RetrievePropertiesEx',
    request: { _this: propertyCollector, specSet, options: {} },
    operationId: newOperationId(),
    signal,
  };
  try {
    const result = (await send(call, credential)) as RetrieveResult | undefined;
    return (result?.objects[0]?.propSet?.length ?? 0) > 0;
  } catch (error) {
    if (isSoapFault(error, 'NotAuthenticated')) return false;
    throw error;
  }
}

async function ping(send: SendWith, session: Session<CookieJar>, logger: Logger): Promise<void> {
  const state = session.peek();
  if (!state) return;
  try {
    await send(
      { method: 'CurrentTime', request: { _this: SERVICE_INSTANCE }, operationId: newOperationId() },
      state.credential,
    );
  } catch (err) {
    if (isSoapFault(err, 'NotAuthenticated')) session.lost(state.generation);
    else logger.debug({ err }, 'the session could not be kept alive');
  }
}

interface Closable extends ClientParts {
  readonly keepAlive: KeepAlive;
  readonly logger: Logger;
}

async function end(parts: Closable): Promise<void> {
  const { transport, restTransport, send, session, rest, serviceContent, keepAlive, logger } = parts;
  keepAlive.stop();
  await transport.endLongPolls();
  const logout = async () => {
    const state = await session.end();
    if (!state) return;
    const request = { _this: serviceContent.sessionManager };
    await send({ method: 'Logout', request, operationId: newOperationId() }, state.credential).catch((err: unknown) =>
      logger.debug({ err }, 'the session could not be logged out'),
    );
  };
  await bounded(Promise.all([logout(), rest.end()]), LOGOUT_MS);
  await Promise.all([transport.close(), restTransport.close()]);
}

function sdkUrl({ url: text, tls }: VimClientOptions): URL {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && tls.insecure)) {
    throw new GatewayError(
      'CONFIGURATION',
      'The address of the vSphere server has to begin with https: the password is sent to it.',
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '') || '/sdk';
  return url;
}

function newOperationId(): string {
  return `mcvsphere-${randomUUID().slice(0, 8)}`;
}
