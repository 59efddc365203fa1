/**
 * Who a `client_id` is. A registered client carries its registration in its id, sealed by the gateway, so nothing is
 * stored and nothing can be flooded; a published client's id is the URL of its description. Neither proves who the
 * program is that uses the id: both only bind it to its redirect URIs.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isDocumentUrl, type ReadDocument } from './client-document.ts';
import { type ClientMetadata, readClientMetadata } from './client-metadata.ts';
import { OAuthError } from './oauth-error.ts';
import type { Sealing } from './sealing.ts';

const REGISTRATION_SECONDS = 90 * 24 * 3600;
/** As a parameter of a URL it has to pass every proxy on the way. */
export const LONGEST_CLIENT_ID = 4_096;
const LONGEST_REDIRECT_URIS = 2_048;
const DOCUMENT_KEPT_MS = 10 * 60_000;
const MOST_DOCUMENTS = 100;

export interface Client {
  readonly id: string;
  /** As it calls itself, or where its description stands. */
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly source: 'registered' | 'metadata_document';
}

/** Where descriptions come from: nowhere, the internet, or a list that the operator keeps. */
export type ClientDocuments =
  | { readonly from: 'nowhere' }
  | { readonly from: 'the_web'; readonly read: ReadDocument }
  | { readonly from: 'a_list'; readonly documents: ReadonlyMap<string, unknown> };

export interface Clients {
  /**
   * @param asker network address that the id came from: nobody has many descriptions fetched at once
   * @returns nothing for an id that is none of ours, or no longer
   * @throws OAuthError `invalid_client` where a description cannot be had or used
   */
  resolve(clientId: string, asker?: string): Promise<Client | undefined>;
  /** @throws OAuthError */
  register(metadata: unknown): Promise<Client>;
}

interface ClientsOptions {
  readonly sealing: Sealing;
  readonly documents: ClientDocuments;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createClients({ sealing, documents, clock, logger }: ClientsOptions): Clients {
  const describe = describer(documents, clock, logger);

  return {
    async resolve(clientId, asker) {
      if (clientId.length > LONGEST_CLIENT_ID) return undefined;
      if (clientId.startsWith('https://')) return describe(clientId, asker);
      const registration = await sealing.open('client', clientId);
      return registration === undefined ? undefined : fromRegistration(clientId, registration);
    },

    async register(metadata) {
      const { name = 'A program without a name', redirectUris } = readClientMetadata(metadata);
      if (redirectUris.join('').length > LONGEST_REDIRECT_URIS) {
        throw new OAuthError(
          'invalid_redirect_uri',
          `The redirect URIs may have ${LONGEST_REDIRECT_URIS} characters together.`,
          { reason: 'redirect_uris_too_long' },
        );
      }
      const id = await sealing.seal('client', { n: name, r: redirectUris }, REGISTRATION_SECONDS);
      return { id, name, redirectUris, source: 'registered' };
    },
  };
}

/**
 * A short name of a client, for the record and for what its tokens are bound to: a sealed id is long, and says
 * nothing to a reader.
 */
export function clientLabel(clientId: string): string {
  if (isDocumentUrl(clientId)) return clientId;
  return `registered-${createHash('sha256').update(clientId).digest('hex').slice(0, 32)}`;
}

function fromRegistration(id: string, payload: unknown): Client | undefined {
  const { n: name, r: redirectUris } = payload as { readonly n?: unknown; readonly r?: unknown };
  if (typeof name !== 'string' || !Array.isArray(redirectUris)) return undefined;
  return { id, name, redirectUris: redirectUris as readonly string[], source: 'registered' };
}

function describer(source: ClientDocuments, clock: Clock, logger: Logger) {
  const kept = new Map<string, { readonly client: Client; readonly until: number }>();
  const underWay = new Map<string, Promise<Client>>();

  /** All who ask for a document while it is being read get the same. */
  async function fetched(id: string, read: ReadDocument, asker: string | undefined): Promise<Client> {
    const known = kept.get(id);
    kept.delete(id);
    if (known !== undefined && clock.monotonic() < known.until) {
      // Put back as the one that was used last: what strangers bring takes the place of what nobody uses.
      kept.set(id, known);
      return known.client;
    }
    const reading =
      underWay.get(id) ??
      readDocument(id, () => read(id, asker)).finally(() => {
        underWay.delete(id);
      });
    underWay.set(id, reading);
    return reading;
  }

  /** A failure is not kept: the next try asks again. */
  async function readDocument(id: string, read: () => Promise<unknown>): Promise<Client> {
    try {
      const client = fromDocument(id, await read());
      kept.set(id, { client, until: clock.monotonic() + DOCUMENT_KEPT_MS });
      if (kept.size > MOST_DOCUMENTS) kept.delete(kept.keys().next().value!);
      return client;
    } catch (error) {
      logger.info({ err: error, client_id: id }, 'the metadata document of a client cannot be used');
      throw new OAuthError('invalid_client', 'The metadata document of this client cannot be had or used.', {
        reason: 'client_document',
        cause: error,
      });
    }
  }

  return async (id: string, asker?: string): Promise<Client | undefined> => {
    if (!isDocumentUrl(id) || source.from === 'nowhere') return undefined;
    if (source.from === 'the_web') return fetched(id, source.read, asker);
    const pinned = source.documents.get(id);
    return pinned === undefined ? undefined : fromDocument(id, pinned);
  };
}

/** @throws OAuthError, also where the document is that of another client */
function fromDocument(id: string, document: unknown): Client {
  const metadata: ClientMetadata = readClientMetadata(document);
  const { client_id, client_secret, token_endpoint_auth_method } = document as Readonly<Record<string, unknown>>;
  if (client_id !== id) throw refuse('its client_id is not its URL');
  // What stands in a public place is no secret, and this server checks no other proof.
  if (client_secret !== undefined) throw refuse('it holds a secret');
  if (token_endpoint_auth_method !== undefined && token_endpoint_auth_method !== 'none') {
    throw refuse('its token_endpoint_auth_method is not none');
  }
  const { name = new URL(id).hostname, redirectUris } = metadata;
  return { id, name, redirectUris, source: 'metadata_document' };
}

function refuse(why: string): OAuthError {
  return new OAuthError('invalid_client_metadata', `The metadata document is refused: ${why}.`);
}
