/**
 * Connections to a vSphere server, each to a server that is known to be the right one.
 *
 * Trust comes from Node's own authorities, from the operator's own (`ca`), or from one pinned certificate. Sessions
 * are never resumed: a resumed session presents no certificate, and the pin would be compared with nothing.
 */
import { connect, type DetailedPeerCertificate, type PeerCertificate, type TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { GatewayError } from '../lib/errors.ts';
import { TransportError } from './errors.ts';
import { matchesThumbprint, parseThumbprint, type Thumbprint } from './thumbprint.ts';

export interface TlsOptions {
  /** Trusts whatever certificate is presented: for laboratories only. */
  readonly insecure: boolean;
  /** Certificates of the operator's own authorities, PEM. */
  readonly ca?: string | undefined;
  /** SHA-1 or SHA-256 of the server's certificate, hexadecimal, with colons or without. */
  readonly thumbprint?: string | undefined;
}

const PROBE_TIMEOUT_MS = 5_000;

/** Errors: CONFIGURATION for a thumbprint that is none; the connector gives `TransportError`s. */
export function createConnector(tls: TlsOptions, timeoutMs: number): buildConnector.connector {
  const pin = pinOf(tls);
  const open = buildConnector({
    timeout: timeoutMs,
    maxCachedSessions: 0,
    rejectUnauthorized: !tls.insecure && pin === undefined,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  });
  return (options, callback) => {
    open(options, (error, socket) => {
      if (error) {
        void connectionError(error, options).then((explained) => callback(explained, null));
        return;
      }
      if (pin && options.protocol === 'https:') {
        const certificate = (socket as TLSSocket).getPeerCertificate();
        if (!matchesThumbprint(pin, certificate)) {
          socket.destroy();
          callback(wrongThumbprint(options, certificate), null);
          return;
        }
      }
      callback(null, socket);
    });
  };
}

function pinOf({ thumbprint }: TlsOptions): Thumbprint | undefined {
  if (thumbprint === undefined) return undefined;
  const pin = parseThumbprint(thumbprint);
  if (pin === undefined) {
    throw new GatewayError('CONFIGURATION', 'The thumbprint is neither a SHA-1 (40 digits) nor a SHA-256 (64 digits).');
  }
  return pin;
}

function wrongThumbprint(to: buildConnector.Options, certificate: PeerCertificate): TransportError {
  const { fingerprint256 = 'none' } = certificate;
  return tlsError(
    `${hostOf(to)} does not present the pinned certificate: its SHA-256 thumbprint is ${fingerprint256}. ` +
      'If the certificate was replaced, change VCENTER_THUMBPRINT; if it was not, someone else answers.',
  );
}

async function connectionError(error: Error, to: buildConnector.Options): Promise<TransportError> {
  if (error instanceof TransportError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const host = hostOf(to);
  if (UNTRUSTED.has(code)) {
    const thumbprint = await presentedThumbprint(to);
    return tlsError(
      `The certificate of ${host} is not signed by a trusted authority: set VCENTER_CA_FILE to the authority's ` +
        `certificate, or VCENTER_THUMBPRINT to the SHA-256 thumbprint, which is now ${thumbprint ?? 'unknown'}.`,
      error,
    );
  }
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return tlsError(
        `The certificate of ${host} is for another name: use the name that is in the certificate, or set VCENTER_THUMBPRINT.`,
        error,
      );
    case 'CERT_HAS_EXPIRED':
      return tlsError(
        `The certificate of ${host} has expired: it has to be renewed, or VCENTER_THUMBPRINT set.`,
        error,
      );
    case 'CERT_NOT_YET_VALID':
      return tlsError(`The certificate of ${host} is not valid yet: compare the clocks of both machines.`, error);
    default:
      return new TransportError('connect', `No connection to ${host}: ${REASONS[code] ?? 'the connection failed'}.`, {
        cause: error,
        maybeExecuted: false,
      });
  }
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is unknown',
  EAI_AGAIN: 'the name cannot be resolved at present',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  ECONNRESET: 'the connection was closed while it was made',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
};

function tlsError(message: string, cause?: unknown): TransportError {
  return new TransportError('tls', message, { cause, maybeExecuted: false });
}

function hostOf({ hostname, port }: buildConnector.Options): string {
  return port === '' ? hostname : `${hostname}:${port}`;
}

/** Looks at the certificate of a server that is not trusted, for the operator to compare; nothing is sent. */
function presentedThumbprint({ hostname, port, servername }: buildConnector.Options): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || 443),
      ...(servername ? { servername } : {}),
      rejectUnauthorized: false,
    });
    const done = (certificate?: DetailedPeerCertificate) => {
      socket.destroy();
      resolve(certificate?.fingerprint256);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done());
    socket.once('secureConnect', () => done(socket.getPeerCertificate(true)));
    socket.once('error', () => done());
  });
}
