/** As much of a browser as the demo's own login takes: cookies, redirects, and one form a page. */

export interface BrowserPage {
  readonly url: URL;
  readonly html: string;
  /** Where the page leads on: a redirect, or a refresh. */
  readonly next: URL | undefined;
}

export interface Browser {
  /** Opens and follows, until a page that stays or an address of `until`, which is not visited and stays as `next`. */
  open(url: string | URL, until: (url: URL) => boolean): Promise<BrowserPage>;
  /** Sends the page's form with these values beside the hidden ones, and follows on. */
  submit(
    page: BrowserPage,
    values: Readonly<Record<string, string>>,
    until: (url: URL) => boolean,
  ): Promise<BrowserPage>;
}

const MOST_STEPS = 20;

export function createBrowser(): Browser {
  // By host without port, as browsers have it.
  const cookies = new Map<string, Map<string, string>>();

  async function request(url: URL, form?: URLSearchParams): Promise<BrowserPage> {
    const jar = cookies.get(url.hostname) ?? new Map<string, string>();
    cookies.set(url.hostname, jar);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map((pair) => pair.join('=')).join('; '), ...(form && { origin: url.origin }) },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /;\s*max-age=0\b/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const html = await response.text();
    const refresh = /http-equiv="refresh" content="\d+;\s*url=([^"]+)"/i.exec(html)?.[1];
    const next = response.headers.get('location') ?? (refresh === undefined ? undefined : plain(refresh));
    return { url, html, next: next === undefined ? undefined : new URL(next, url) };
  }

  async function follow(first: BrowserPage, until: (url: URL) => boolean): Promise<BrowserPage> {
    let page = first;
    for (let steps = 0; page.next !== undefined && !until(page.next); steps++) {
      if (steps === MOST_STEPS) throw new Error(`the login goes on and on, now to ${page.next.href}`);
      page = await request(page.next);
    }
    return page;
  }

  return {
    open: async (url, until) => follow(await request(new URL(url)), until),
    async submit(page, values, until) {
      const action = /<form[^>]*\saction="([^"]+)"/.exec(page.html)?.[1];
      const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const form = new URLSearchParams(
        hidden.map(([, name = '', value = '']): [string, string] => [name, plain(value)]),
      );
      for (const [name, value] of Object.entries(values)) form.set(name, value);
      return follow(await request(new URL(action === undefined ? '' : plain(action), page.url), form), until);
    },
  };
}

function plain(html: string): string {
  return html
    .replace(/&(?:amp|#38);/g, '&')
    .replace(/&(?:quot|#34);/g, '"')
    .replace(/&(?:#39|#x27);/g, "'");
}
