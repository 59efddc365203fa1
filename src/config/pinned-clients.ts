import { z } from 'zod';
import type { ConfigProblem } from './problem.ts';

/** Client ID metadata documents by their `client_id`, which is the URL where they would be fetched. */
export type PinnedClients = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

const document = z.looseObject({
  client_id: z
    .string('client_id must be a text')
    .max(2048, 'client_id has at most 2048 characters')
    .refine((id) => URL.canParse(id) && new URL(id).protocol === 'https:', 'client_id must be an https:// URL'),
});
const schema = z.union(
  [document.transform((one) => [one]), z.array(document).max(100)],
  'a list of documents is expected',
);

/**
 * The file of OAUTH_CLIENT_METADATA_DOCUMENTS: one document, or a list of them, each as its client publishes it.
 * What a document says beyond its id is judged where it is used.
 */
export function parsePinnedClients(text: string, problems: ConfigProblem[]): PinnedClients | undefined {
  const refuse = (message: string) => {
    problems.push({ name: 'OAUTH_CLIENT_METADATA_DOCUMENTS', message: `names a file ${message}` });
    return undefined;
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('that is not JSON');
  }
  const result = schema.safeParse(json);
  if (!result.success) return refuse('that is no list of client metadata documents, each with an https:// client_id');
  const byId = new Map(result.data.map((one) => [one.client_id, Object.freeze(one)]));
  return byId.size === result.data.length ? byId : refuse('that holds two documents with one client_id');
}
