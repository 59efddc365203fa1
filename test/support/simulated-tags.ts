/** Prepares tags on a simulated vCenter: bare REST by hand, with none of the gateway's code. */
import { Agent, request } from 'undici';
import type { Vcsim } from './vcsim.ts';

export interface TagPreparation {
  /** Makes a category; its id. */
  category(name: string): Promise<string>;
  /** Makes a tag; its id. */
  tag(name: string, category: string, description?: string): Promise<string>;
  rename(tag: string, name: string): Promise<void>;
  remove(tag: string): Promise<void>;
  attach(tag: string, object: { readonly type: string; readonly value: string }): Promise<void>;
  close(): Promise<void>;
}

export async function prepareTags({
  url,
  user,
  password,
}: Pick<Vcsim, 'url' | 'user' | 'password'>): Promise<TagPreparation> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const { origin } = new URL(url);
  let session = '';
  const rest = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown> => {
    const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const answer = await request(`${origin}/rest/com/vmware/cis/${path}`, {
      dispatcher,
      method,
      headers: session === '' ? { authorization: basic } : { 'vmware-api-session-id': session },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: HTTP ${answer.statusCode} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as { value: unknown }).value;
  };
  session = (await rest('POST', 'session')) as string;

  return {
    category: async (name) =>
      (await rest('POST', 'tagging/category', {
        create_spec: { name, description: '', cardinality: 'MULTIPLE', associable_types: [] },
      })) as string,
    tag: async (name, category_id, description = '') =>
      (await rest('POST', 'tagging/tag', { create_spec: { name, description, category_id } })) as string,
    rename: async (tag, name) => {
      await rest('PATCH', `tagging/tag/id:${tag}`, { update_spec: { name } });
    },
    remove: async (tag) => {
      await rest('DELETE', `tagging/tag/id:${tag}`);
    },
    attach: async (tag, { type, value }) => {
      await rest('POST', `tagging/tag-association/id:${tag}?~action=attach`, { object_id: { type, id: value } });
    },
    close: () => dispatcher.destroy(),
  };
}
