/**
 * What the provider remembers, on a clock that a test can move.
 *
 * oidc-provider reads the machine's clock. So every time that it stores is moved by the difference between the two
 * clocks on its way in, and moved back by the difference of that moment on its way out: a code, a token or a
 * session ages as the lab's clock says.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider';

const TIMES = ['iat', 'exp', 'loginTs', 'authTime', 'iiat', 'consumed'] as const;

export interface ClockedStorage {
  adapter(model: string): Adapter;
  /** Another name of what is stored under `id`: a JWT that stands for an opaque access token. */
  alias(name: string, id: string): void;
  stored(model: string): readonly AdapterPayload[];
  destroy(model: string, id: string): void;
  /** Forgets every code and token of a grant, and the grant. */
  revokeGrant(grantId: string): void;
}

/** `aheadSeconds`: how far the lab's clock is ahead of the machine's. */
export function createClockedStorage(aheadSeconds: () => number): ClockedStorage {
  const models = new Map<string, Map<string, AdapterPayload>>();
  const aliases = new Map<string, string>();

  function table(model: string): Map<string, AdapterPayload> {
    const known = models.get(model) ?? new Map<string, AdapterPayload>();
    models.set(model, known);
    return known;
  }

  function shifted(payload: AdapterPayload | undefined, seconds: number): AdapterPayload | undefined {
    if (payload === undefined) return undefined;
    const copy = structuredClone(payload) as unknown as Record<string, unknown>;
    for (const name of TIMES) if (typeof copy[name] === 'number') copy[name] = (copy[name] as number) + seconds;
    return copy as AdapterPayload;
  }

  const outward = (payload: AdapterPayload | undefined) => shifted(payload, -aheadSeconds());

  function revokeByGrantId(grantId: string): void {
    for (const [model, rows] of models) {
      if (model === 'Session' || model === 'Interaction') continue;
      for (const [id, payload] of rows) if (payload.grantId === grantId) rows.delete(id);
    }
  }

  return {
    adapter: (model) => ({
      async upsert(id, payload) {
        table(model).set(id, shifted(payload, aheadSeconds()) as AdapterPayload);
      },
      find: async (id) => outward(table(model).get(aliases.get(id) ?? id)),
      findByUid: async (uid) => outward([...table(model).values()].find((payload) => payload.uid === uid)),
      findByUserCode: async () => undefined,
      async consume(id) {
        const payload = table(model).get(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000) + aheadSeconds();
      },
      async destroy(id) {
        table(model).delete(id);
      },
      async revokeByGrantId(grantId) {
        revokeByGrantId(grantId);
      },
    }),
    alias(name, id) {
      aliases.set(name, id);
    },
    stored: (model) => [...table(model).values()],
    destroy(model, id) {
      table(model).delete(id);
    },
    revokeGrant(grantId) {
      revokeByGrantId(grantId);
      table('Grant').delete(grantId);
    },
  };
}
