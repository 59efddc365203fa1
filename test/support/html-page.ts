/** The parts of an HTML page that a person without script can use: text, links, forms and a refresh. */
export interface Form {
  readonly method: 'GET' | 'POST';
  /** As written; empty for the page's own address. */
  readonly action: string;
  readonly fields: readonly Field[];
  readonly buttons: readonly Button[];
}

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

export interface Button {
  readonly name: string;
  readonly value: string;
  /** What stands on it. */
  readonly label: string;
  readonly formAction?: string;
}

export interface Link {
  readonly href: string;
  readonly text: string;
}

export interface HtmlPage {
  readonly title: string;
  /** As a person reads it: no tags, white space folded. */
  readonly text: string;
  readonly forms: readonly Form[];
  readonly links: readonly Link[];
  /** The address of a `<meta http-equiv="refresh">`. */
  readonly refresh: string | undefined;
}

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly start: number;
  readonly end: number;
}

interface OpenForm {
  readonly id: string | undefined;
  readonly method: 'GET' | 'POST';
  readonly action: string;
  readonly fields: Field[];
  readonly buttons: Button[];
}

const TAG = /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g;
const ATTRIBUTE = /([^\s=/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g;
const UNSEEN = /<!--[\s\S]*?-->|<!doctype[^>]*>|<(script|style|title|template)\b[\s\S]*?<\/\1\s*>/gi;

export function parseHtml(html: string): HtmlPage {
  const tags = tagsOf(html);
  const forms: OpenForm[] = tags.filter(({ name, closing }) => name === 'form' && !closing).map(openForm);
  const links: Link[] = [];
  let refresh: string | undefined;
  let index = -1;
  let inside: OpenForm | undefined;

  for (const [position, tag] of tags.entries()) {
    const { name, closing, attributes } = tag;
    if (name === 'form') {
      if (!closing) index += 1;
      inside = closing ? undefined : forms[index];
      continue;
    }
    if (closing) continue;
    const within = () => textOf(html.slice(tag.end, closingTag(tags, position)?.start ?? html.length));
    const own = attributes.get('form');
    const form = own === undefined ? inside : forms.find(({ id }) => id === own);
    if (name === 'meta' && attributes.get('http-equiv')?.toLowerCase() === 'refresh') {
      refresh ??= /^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?["']?(.*?)["']?\s*$/i.exec(attributes.get('content') ?? '')?.[1];
    } else if (name === 'a' && attributes.has('href')) {
      links.push({ href: attributes.get('href') ?? '', text: within() });
    } else if (form !== undefined && !attributes.has('disabled')) addControl(form, tag, within);
  }
  const title = /<title[^>]*>([\s\S]*?)<\/title/i.exec(html)?.[1] ?? '';
  return { title: textOf(title), text: textOf(html.replace(UNSEEN, ' ')), forms, links, refresh };
}

function addControl(form: OpenForm, { name: tag, attributes }: Tag, within: () => string): void {
  const name = attributes.get('name') ?? '';
  const type = attributes.get('type')?.toLowerCase() ?? (tag === 'button' ? 'submit' : 'text');
  const value = attributes.get('value') ?? '';
  if (tag === 'button' || (tag === 'input' && type === 'submit')) {
    if (type !== 'submit') return;
    const formAction = attributes.get('formaction');
    const label = tag === 'button' ? within() : value;
    form.buttons.push({ name, value, label, ...(formAction === undefined ? {} : { formAction }) });
  } else if (tag === 'input' && name !== '') {
    const ticks = type === 'checkbox' || type === 'radio';
    if (ticks && !attributes.has('checked')) return;
    form.fields.push({ name, type, value: ticks && !attributes.has('value') ? 'on' : value });
  } else if (tag === 'textarea' && name !== '') form.fields.push({ name, type: 'textarea', value: within() });
}

function openForm({ attributes }: Tag): OpenForm {
  return {
    id: attributes.get('id'),
    method: attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
    action: attributes.get('action') ?? '',
    fields: [],
    buttons: [],
  };
}

function tagsOf(html: string): Tag[] {
  // What stands in a script, a style or a title is text, whatever it looks like.
  const blanked = html.replace(UNSEEN, (part) => ' '.repeat(part.length));
  return [...blanked.matchAll(TAG)]
    .filter((match) => match[2] !== undefined)
    .map((match) => ({
      name: (match[2] ?? '').toLowerCase(),
      closing: match[1] === '/',
      attributes: attributesOf(match[3] ?? ''),
      start: match.index,
      end: match.index + match[0].length,
    }));
}

function attributesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, decode(double ?? single ?? bare ?? ''));
  }
  return found;
}

function closingTag(tags: readonly Tag[], position: number): Tag | undefined {
  return tags.slice(position + 1).find(({ name, closing }) => closing && name === tags[position]?.name);
}

function textOf(html: string): string {
  return decode(html.replace(TAG, ' ')).replace(/\s+/g, ' ').trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal === undefined ? (ENTITIES[name] ?? whole) : String.fromCodePoint(Number(decimal));
  });
}
