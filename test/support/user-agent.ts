/**
 * A small browser without script, for walking a login step by step.
 *
 * Nothing happens by itself: `open` and `submit` make one request, `step` goes one redirect (or refresh) further,
 * `follow` goes all the way. Two user agents are two people, so an attack is written as it would be done.
 *
 * What a server must cope with is as in browsers: cookies (browser-cookies.ts), `Origin` and `Referer` by the
 * referrer policy, `Sec-Fetch-*`, and `form-action`, which Chrome applies to redirects after a form as well.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type BrowserCookies, createBrowserCookies, isTrustworthy, siteOf } from './browser-cookies.ts';
import { type Button, type Form, type HtmlPage, parseHtml } from './html-page.ts';

export interface Page extends HtmlPage {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Where the page sends the browser: a redirect or a refresh that was not followed yet. */
  readonly next: URL | undefined;
}

export interface UserAgentOptions {
  /** Public origin → origin on loopback that answers for it, as a reverse proxy would. */
  readonly resolve?: Readonly<Record<string, string>>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, for the age of cookies. */
  readonly now?: () => number;
}

export interface SubmitOptions {
  /** Name, value or label of the button; the first one where nothing is said. */
  readonly button?: string;
  /** Which form, by number or by a field that it has. */
  readonly form?: number | string;
}

export interface FollowOptions {
  /** Stops before this address is visited; it is then the page's `next`. */
  readonly until?: (url: URL) => boolean;
}

export interface UserAgent {
  readonly cookies: BrowserCookies;
  /** Every request so far, as `GET https://…`. */
  readonly history: readonly string[];
  resolve(publicOrigin: string, origin: string): void;
  /** One request, nothing followed. `from`: the page with the link; without it the address was typed in. */
  open(url: string | URL, options?: { from?: Page | string }): Promise<Page>;
  /** One redirect or refresh further. */
  step(page: Page): Promise<Page>;
  /** All redirects and refreshes, until a page that stays. */
  follow(page: Page, options?: FollowOptions): Promise<Page>;
  /** Fills in and sends a form: one request, nothing followed. Fields of `values` that it lacks are an error. */
  submit(page: Page, values?: Readonly<Record<string, string>>, options?: SubmitOptions): Promise<Page>;
  /** Any POST, as a foreign page could make a browser send it. */
  post(url: string | URL, values: Readonly<Record<string, string>>, from?: Page | string): Promise<Page>;
  /** Opens, follows, and fills in the provider's login page where one comes; then follows on. */
  login(url: string | URL, username: string, password: string, options?: FollowOptions): Promise<Page>;
}

interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly initiator: URL | undefined;
  readonly body?: string;
  readonly referrerPolicy?: string;
  /** `form-action` of the page whose form began this. */
  readonly formAction?: FormAction;
}

interface FormAction {
  readonly sources: readonly string[];
  readonly self: string;
}

const MOST_HOPS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function createUserAgent(options: UserAgentOptions = {}): UserAgent {
  const cookies = createBrowserCookies(options.now);
  const origins = new Map(Object.entries(options.resolve ?? {}));
  const history: string[] = [];
  const hops = new WeakMap<Page, Hop>();

  async function go(hop: Hop): Promise<Page> {
    checkFormAction(hop);
    history.push(`${hop.method} ${hop.url.href}`);
    const cookie = cookies.headerFor(hop.url, hop);
    const answer = await send(new URL(origins.get(hop.url.origin) ?? hop.url.origin), hop, {
      ...options.headers,
      ...headersOf(hop),
      ...(cookie === undefined ? {} : { cookie }),
    });
    cookies.store(hop.url, answer.headers['set-cookie'] ?? []);
    const isHtml = /^text\/html\b/.test(answer.headers['content-type'] ?? '');
    const parsed = parseHtml(isHtml ? answer.body : '');
    const page: Page = { ...parsed, ...answer, url: hop.url, next: nextOf(answer, parsed.refresh, hop.url) };
    hops.set(page, hop);
    return page;
  }

  async function open(url: string | URL, { from }: { from?: Page | string } = {}): Promise<Page> {
    return go({ method: 'GET', url: new URL(url), initiator: initiatorOf(from), ...policyOf(from) });
  }

  async function step(page: Page): Promise<Page> {
    const hop = hops.get(page);
    if (page.next === undefined || hop === undefined) throw new Error(`${page.url.href} leads nowhere: ${page.text}`);
    if (!REDIRECTS.has(page.status))
      return go({ method: 'GET', url: page.next, initiator: page.url, ...policyOf(page) });
    const keeps = page.status === 307 || page.status === 308 || hop.method === 'GET';
    const { body, ...rest } = hop;
    return go({ ...rest, url: page.next, method: keeps ? hop.method : 'GET', ...(keeps && body ? { body } : {}) });
  }

  async function follow(page: Page, { until = () => false }: FollowOptions = {}): Promise<Page> {
    let current = page;
    for (let hop = 0; current.next !== undefined && !until(current.next); hop += 1) {
      if (hop === MOST_HOPS) throw new Error(`too many redirects: ${history.slice(-4).join(', ')}`);
      current = await step(current);
    }
    return current;
  }

  async function submit(
    page: Page,
    values: Readonly<Record<string, string>> = {},
    choice: SubmitOptions = {},
  ): Promise<Page> {
    const form = formOf(page, choice.form);
    const button = buttonOf(form, choice.button);
    const known = new Set(form.fields.map(({ name }) => name));
    const unknown = Object.keys(values).filter((name) => !known.has(name));
    if (unknown.length > 0) throw new Error(`the form has no field ${unknown.join(', ')}`);
    const data = new URLSearchParams(
      form.fields.map(({ name, value }): [string, string] => [name, values[name] ?? value]),
    );
    if (button?.name) data.append(button.name, button.value);
    const url = new URL(button?.formAction || form.action || page.url.href, page.url);
    const hop = { initiator: page.url, ...policyOf(page), ...formActionOf(page) };
    if (form.method === 'POST') return go({ ...hop, method: 'POST', url, body: data.toString() });
    url.search = data.toString();
    return go({ ...hop, method: 'GET', url });
  }

  return {
    cookies,
    history,
    resolve(publicOrigin, origin) {
      origins.set(publicOrigin, origin);
    },
    open,
    step,
    follow,
    submit,
    post: (url, values, from) =>
      go({
        method: 'POST',
        url: new URL(url),
        initiator: initiatorOf(from),
        body: new URLSearchParams(values).toString(),
        ...policyOf(from),
      }),
    async login(url, username, password, following) {
      const page = await follow(await open(url), following);
      const asked = page.forms.some(({ fields }) => fields.some(({ name }) => name === 'password'));
      if (!asked) return page;
      return follow(await submit(page, { username, password }, { form: 'password' }), following);
    },
  };
}

function nextOf({ status, headers }: Answer, refresh: string | undefined, url: URL): URL | undefined {
  const target = REDIRECTS.has(status) ? headers.location : refresh;
  return target === undefined ? undefined : new URL(target, url);
}

function initiatorOf(from: Page | string | undefined): URL | undefined {
  return typeof from === 'string' ? new URL(from) : from?.url;
}

function policyOf(from: Page | string | undefined): { referrerPolicy?: string } {
  const policy = typeof from === 'object' ? from.headers['referrer-policy'] : undefined;
  return typeof policy === 'string' ? { referrerPolicy: policy } : {};
}

/** https://fetch.spec.whatwg.org/#append-a-request-origin-header and https://w3c.github.io/webappsec-fetch-metadata/ */
function headersOf({ method, url, initiator, referrerPolicy, body }: Hop): Record<string, string> {
  const sameOrigin = initiator?.origin === url.origin;
  const sameSite = initiator !== undefined && siteOf(initiator) === siteOf(url);
  const site = initiator === undefined ? 'none' : sameOrigin ? 'same-origin' : sameSite ? 'same-site' : 'cross-site';
  const silent = referrerPolicy === 'no-referrer' || (referrerPolicy === 'same-origin' && !sameOrigin);
  const referer = sameOrigin
    ? `${initiator?.origin}${initiator?.pathname}${initiator?.search}`
    : `${initiator?.origin}/`;
  return {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'user-agent': 'Mozilla/5.0 (compatible; a browser without script)',
    ...(initiator === undefined || silent ? {} : { referer }),
    ...(method === 'GET' || initiator === undefined ? {} : { origin: silent ? 'null' : initiator.origin }),
    ...(isTrustworthy(url)
      ? { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' }
      : {}),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** By node:http, since `fetch` has no say over `Host` and follows or hides redirects. */
function send(target: URL, { method, url, body }: Hop, headers: Record<string, string>): Promise<Answer> {
  if (target.protocol !== 'http:')
    throw new Error(`${target.origin} is not on loopback: give its origin in \`resolve\``);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: target.hostname.replace(/^\[|\]$/g, ''),
        port: target.port || 80,
        method,
        path: `${url.pathname}${url.search}`,
        headers: { host: url.host, ...headers },
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
        response.once('error', reject);
      },
    );
    outgoing.once('error', reject).end(body);
  });
}

function formOf(page: Page, choice: number | string = 0): Form {
  const form =
    typeof choice === 'number'
      ? page.forms[choice]
      : page.forms.find(({ fields }) => fields.some(({ name }) => name === choice));
  if (form === undefined) throw new Error(`no such form on ${page.url.href} (${page.status}): ${page.text}`);
  return form;
}

function buttonOf(form: Form, choice: string | undefined): Button | undefined {
  if (choice === undefined) return form.buttons[0];
  const found = form.buttons.find((button) => [button.label, button.value, button.name].includes(choice));
  if (found === undefined)
    throw new Error(`no button ${choice} among ${form.buttons.map(({ label }) => label).join(', ')}`);
  return found;
}

/** https://www.w3.org/TR/CSP3/#directive-form-action */
function formActionOf(page: Page): { formAction?: FormAction } {
  const policy = String(page.headers['content-security-policy'] ?? '');
  const directive = policy.split(';').map((part) => part.trim().split(/\s+/));
  const sources = directive.find(([name]) => name?.toLowerCase() === 'form-action')?.slice(1);
  return sources === undefined ? {} : { formAction: { sources, self: page.url.origin } };
}

function checkFormAction({ url, formAction }: Hop): void {
  if (formAction === undefined) return;
  const allowed = formAction.sources.some((source) => {
    if (source === "'self'") return url.origin === formAction.self;
    if (source === '*') return true;
    if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return url.protocol === source.toLowerCase();
    return URL.canParse(source) && new URL(source).origin === url.origin;
  });
  if (!allowed)
    throw new Error(`form-action ${formAction.sources.join(' ')} does not let a form lead to ${url.origin}`);
}
