/** Grants as they lie in the store. */
import type { Clock } from '../lib/clock.ts';
import type { Grant } from './grants.ts';
import type { Store } from './store.ts';

const PREFIX = 'grant:';
/** An id comes out of a signed token, and is looked up as it stands. */
const ID = /^[\w-]{24}$/;

export interface StoredGrant {
  readonly grant: Grant;
  /** For `replace`. */
  readonly text: string;
}

export interface GrantRecords {
  add(grant: Grant): Promise<void>;
  /** Undefined past its end, too. */
  read(id: string): Promise<StoredGrant | undefined>;
  /** Whether it is there and was made with another key. */
  isForeign(id: string): Promise<boolean>;
  /** False where it was ended or changed meanwhile: what is gone does not come back. */
  replace(old: StoredGrant, grant: Grant): Promise<boolean>;
  remove(id: string): Promise<boolean>;
  ids(): AsyncIterable<string>;
}

export function createGrantRecords(store: Store, clock: Clock): GrantRecords {
  const ttl = ({ endsAt }: Grant) => Math.max(1, (endsAt - clock.now()) / 1000);

  async function read(id: string): Promise<StoredGrant | undefined> {
    const text = ID.test(id) ? await store.get(PREFIX + id) : undefined;
    if (text === undefined) return undefined;
    const grant = JSON.parse(text) as Grant;
    return clock.now() < grant.endsAt ? { grant, text } : undefined;
  }

  return {
    add: (grant) => store.set(PREFIX + grant.id, JSON.stringify(grant), ttl(grant)),
    read,
    isForeign: async (id) => (await store.get(PREFIX + id)) === undefined && (await store.has(PREFIX + id)),
    replace: (old, grant) => store.compareAndSet(PREFIX + grant.id, old.text, JSON.stringify(grant), ttl(grant)),
    remove: (id) => store.delete(PREFIX + id),
    async *ids() {
      for await (const key of store.keys(PREFIX)) yield key.slice(PREFIX.length);
    },
  };
}
