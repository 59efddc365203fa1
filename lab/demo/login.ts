/** A token for each person, got as any client gets one: ask for a code, allow, log in, redeem the code. */
import { createHash, randomBytes } from 'node:crypto';
import { PASSWORD } from '../identity-provider/people.ts';
import { type BrowserPage, createBrowser } from './browser.ts';

/** Nothing listens there: the address itself, with the code in it, is the answer. */
export const REDIRECT_URI = 'http://127.0.0.1:9/demo';

/** A client at an authorization server: of the gateway for people, of the provider for scripts. */
export interface TokenClient {
  readonly authorize: string;
  readonly token: string;
  readonly resource: string;
  readonly id: string;
  readonly secret?: string;
}

export async function registerAtGateway(origin: string): Promise<TokenClient> {
  const { client_id: id } = await post(`${origin}/register`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Tokens of the demo', redirect_uris: [REDIRECT_URI] }),
  });
  return { authorize: `${origin}/authorize`, token: `${origin}/token`, resource: `${origin}/mcp`, id: String(id) };
}

/** Errors: where the login does not lead back to the client. */
export async function tokenFor(person: string, client: TokenClient): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    resource: client.resource,
    scope: 'openid',
    state: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const { access_token: token } = await post(client.token, {
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.id,
      ...(client.secret !== undefined && { client_secret: client.secret }),
      code: await codeFor(person, `${client.authorize}?${asked}`),
      redirect_uri: REDIRECT_URI,
      code_verifier: verifier,
      resource: client.resource,
    }),
  });
  return String(token);
}

async function codeFor(person: string, url: string): Promise<string> {
  const browser = createBrowser();
  const isBack = (at: URL) => at.href.startsWith(`${REDIRECT_URI}?`);
  let page = await browser.open(url, isBack);
  while (page.next === undefined) page = await browser.submit(page, answerTo(page, person), isBack);
  const code = page.next.searchParams.get('code');
  if (!code) throw new Error(`the login of ${person} ended at ${page.next.href}`);
  return code;
}

/** To the gateway's question whether the client may, or to the provider's question who it is. */
function answerTo({ url, html }: BrowserPage, person: string): Record<string, string> {
  if (html.includes('name="decision"')) return { decision: 'allow' };
  if (html.includes('name="password"') && !html.includes('role="alert"')) {
    return { username: person, password: PASSWORD, action: 'login' };
  }
  throw new Error(`the login of ${person} ended at ${url.href}`);
}

async function post(url: string, request: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', ...request });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
