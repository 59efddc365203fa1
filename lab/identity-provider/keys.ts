/** The keys that the provider signs with, and their rotation. */
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

export type SigningAlg = 'RS256' | 'ES256';
const ALGORITHMS: readonly SigningAlg[] = ['RS256', 'ES256'];

export interface SigningKeys {
  /** Private keys, those that sign first. */
  published(): readonly JWK[];
  /** New keys sign from now on. `keepOld`: the old ones stay in the key set, as a careful provider has it. */
  rotate(options?: { keepOld?: boolean }): Promise<void>;
  sign(claims: unknown, options: SignOptions): Promise<string>;
}

export interface SignOptions {
  readonly alg: SigningAlg;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly unpublished?: boolean;
}

export async function createSigningKeys(): Promise<SigningKeys> {
  let published = await generateKeys();
  let unpublished: readonly JWK[] | undefined;

  return {
    published: () => published,
    async rotate({ keepOld = false } = {}) {
      const fresh = await generateKeys();
      published = keepOld ? [...fresh, ...published] : fresh;
    },
    async sign(claims, options) {
      const own = keyFor(published, options.alg);
      if (options.unpublished) unpublished ??= await generateKeys();
      const key = options.unpublished ? keyFor(unpublished ?? [], options.alg) : own;
      return new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ kid: own.kid ?? '', ...options.header, alg: options.alg })
        .sign(await importJWK(key, options.alg));
    },
  };
}

function keyFor(keys: readonly JWK[], alg: SigningAlg): JWK {
  const key = keys.find((candidate) => candidate.alg === alg);
  if (key === undefined) throw new Error(`no key for ${alg}`);
  return key;
}

async function generateKeys(): Promise<JWK[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() };
    }),
  );
}
