import { describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts';
import { createLogger } from '../lib/logger.ts';
import { Secret } from '../lib/secret.ts';
import type { ReadDocument } from './client-document.ts';
import { createClients } from './clients.ts';
import { deriveOAuthKeys } from './keys.ts';
import { createSealing } from './sealing.ts';

const ID = 'https://editor.example/oauth/client.json';
const DOCUMENT = { client_id: ID, client_name: 'Editor', redirect_uris: ['http://127.0.0.1/cb'] };
const KEPT_MS = 10 * 60_000;

/** Clients whose documents are answered in turn; the last answer again and again. */
function clientsOver(...answers: readonly unknown[]) {
  const clock = manualClock();
  let reads = 0;
  async function read(): Promise<unknown> {
    const answer = answers[Math.min(reads, answers.length - 1)];
    reads += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  }
  return { clients: clientsReading(read, clock), clock, reads: () => reads };
}

/** Every URL has a document of its own. */
function clientsEach() {
  const idsRead: string[] = [];
  const { resolve } = clientsReading(async (id) => {
    idsRead.push(id);
    return { ...DOCUMENT, client_id: id };
  }, manualClock());
  return { clients: { resolve }, idsRead };
}

function clientsReading(read: ReadDocument, clock: ManualClock) {
  const keys = deriveOAuthKeys(new Secret('0123456789abcdef0123456789abcdef0123456789abcdef'));
  const sealing = createSealing({ keys: keys.sealing, clock });
  return createClients({ sealing, documents: { from: 'the_web', read }, clock, logger: createLogger('silent') });
}

const refused = { error: 'invalid_client', reason: 'client_document' };

describe('the document of a published client', () => {
  it.each<[string, unknown]>([
    ['cannot be had', new Error('the answer has status 500')],
    ['is that of another client', { ...DOCUMENT, client_id: 'https://other.example/client.json' }],
    ['holds a secret', { ...DOCUMENT, client_secret: 'x' }],
    ['names no address', { client_id: ID }],
    ['is no object', null],
  ])('is asked for again at once where it %s, and taken once it is right', async (_what, bad) => {
    const { clients, reads } = clientsOver(bad, bad, DOCUMENT);
    for (const read of [1, 2]) {
      await expect(clients.resolve(ID)).rejects.toMatchObject(refused);
      expect(reads()).toBe(read);
    }
    expect(await clients.resolve(ID)).toEqual({
      id: ID,
      name: 'Editor',
      redirectUris: DOCUMENT.redirect_uris,
      source: 'metadata_document',
    });
    expect(reads()).toBe(3);
  });

  it('is kept for ten minutes once it is right', async () => {
    const { clients, clock, reads } = clientsOver(DOCUMENT);
    const first = await clients.resolve(ID);
    clock.advance(KEPT_MS - 1);
    expect(await clients.resolve(ID)).toEqual(first);
    expect(reads()).toBe(1);
    clock.advance(1);
    await clients.resolve(ID);
    expect(reads()).toBe(2);
  });

  it('is asked for in the name of whoever came with its URL', async () => {
    const askers: unknown[] = [];
    const read: ReadDocument = async (_id, asker) => {
      askers.push(asker);
      return DOCUMENT;
    };
    await clientsReading(read, manualClock()).resolve(ID, '192.0.2.1');
    expect(askers).toEqual(['192.0.2.1']);
  });

  it('is not served from memory past its time because it cannot be had now', async () => {
    const { clients, clock, reads } = clientsOver(DOCUMENT, new Error('the answer has status 404'), DOCUMENT);
    await clients.resolve(ID);
    clock.advance(KEPT_MS);
    await expect(clients.resolve(ID)).rejects.toMatchObject(refused);
    expect((await clients.resolve(ID))?.name).toBe('Editor');
    expect(reads()).toBe(3);
  });

  it('is read once for all who ask for it at the same time', async () => {
    const { clients, reads } = clientsOver(DOCUMENT);
    const found = await Promise.all(Array.from({ length: 20 }, () => clients.resolve(ID)));
    expect(new Set(found).size).toBe(1);
    expect(reads()).toBe(1);
  });

  it('fails for all who ask for it at the same time, and for nobody after them', async () => {
    const { clients, reads } = clientsOver(new Error('the answer has status 500'), DOCUMENT);
    const found = await Promise.allSettled(Array.from({ length: 20 }, () => clients.resolve(ID)));
    expect(found.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(reads()).toBe(1);
    expect((await clients.resolve(ID))?.name).toBe('Editor');
  });

  it('stays while it is used, whatever strangers bring meanwhile, and makes room when it is not', async () => {
    const { clients, idsRead } = clientsEach();
    await clients.resolve(ID);
    for (let i = 0; i < 300; i += 1) {
      await clients.resolve(`https://stranger-${i}.example/client.json`);
      await clients.resolve(ID);
    }
    expect(idsRead.filter((id) => id === ID)).toHaveLength(1);
    expect(idsRead).toHaveLength(301);
    for (let i = 300; i < 400; i += 1) await clients.resolve(`https://stranger-${i}.example/client.json`);
    await clients.resolve(ID);
    expect(idsRead.filter((id) => id === ID)).toHaveLength(2);
  });
});
