/**
 * Asks a person before anything else happens. Nobody is logged in yet, so the page says what the program can do in
 * anybody's name; what it may do in this person's, their groups say afterwards. The name on it was chosen by
 * the program itself, so what tells true from false is the place where the access goes.
 */
import type { AuthorizationRequest } from './authorization-request.ts';
import { type Html, html } from './html.ts';
import type { OAuthResponse } from './oauth-exchange.ts';
import { pageResponse } from './page.ts';
import { type RedirectTarget, redirectTarget } from './redirect-uri.ts';

export interface ConsentPageFacts {
  readonly request: AuthorizationRequest;
  /** The sealed request, which comes back with the answer. */
  readonly ticket: string;
  /** Host name of the company's login. */
  readonly provider: string;
  readonly sessionMaxSeconds: number;
  readonly requestId: string;
}

export function consentPage({ request, ticket, provider, sessionMaxSeconds, requestId }: ConsentPageFacts) {
  const { client } = request;
  const content = html`
<p>A program that calls itself ${nameOf(client)} asks to work with your company’s virtual machines and servers through this gateway. ${voucher(client)}</p>
<h2>What it will be able to do</h2>
<p>It acts <strong>with your rights and in your name</strong>. Your groups decide, after you have logged in, which of these it gets:</p>
<ul>
<li>see virtual machines, hosts, storage, networks, events and alarms;</li>
<li>switch virtual machines on and off, restart them, take snapshots;</li>
<li>create, change, move and <strong>delete</strong> virtual machines and their disks;</li>
<li>change hosts, and everything else that administrators may do.</li>
</ul>
<p>It never gets more than you have, and it does not see your password. The gateway will not ask you again before each action; every action is written down under your name. The access ends after ${duration(sessionMaxSeconds)} at the latest.</p>
<h2>Where the access goes</h2>
${destination(redirectTarget(request.redirectUri))}
<form method="post" action="/authorize">
<input type="hidden" name="ticket" value="${ticket}">
<div class="acts">
<button class="yes" name="decision" value="allow">Allow, and log in at <bdi>${provider}</bdi></button>
<button name="decision" value="deny">Do not allow</button>
</div>
</form>`;
  const title = `Allow “${client.name}” to use vSphere in your name?`;
  const heading = html`Allow ${nameOf(client)} to use vSphere in your name?`;
  return pageResponse({ status: 200, title, heading, content, requestId });
}

/** In a frame that no name can draw: one that reads like a sentence of this page is seen to be none. */
function nameOf({ name }: { readonly name: string }): Html {
  return html`<bdi class="name">${name}</bdi>`;
}

function voucher({ id, source }: AuthorizationRequest['client']): Html {
  return source === 'metadata_document'
    ? html`It describes itself at <bdi class="name">${id}</bdi>.`
    : html`Nobody has checked that name.`;
}

function destination(target: RedirectTarget | undefined): Html {
  switch (target?.kind) {
    case 'web':
      return html`<p>To the website <bdi class="name">${target.host}</bdi>.</p>
<div class="warn"><p>Allow this only if you know that website, and if you have just started this login there yourself.</p></div>`;
    case 'app':
      return html`<p>To the app on this device that opens <bdi class="name">${target.scheme}:</bdi> links.</p>
<div class="warn"><p>Allow this only if you have just started this login in that app yourself.</p></div>`;
    case 'loopback':
      return html`<p>To a program that listens at <bdi class="name">${target.host}</bdi> (this computer).</p>
<div class="warn"><p>The gateway cannot tell which program on this computer is asking: any of them can take that name. Allow this only if you have just started this login yourself, in a program that you trust.</p></div>`;
    default:
      // Nobody is asked about an address that no code is sent to.
      throw new Error('the redirect URI leads nowhere');
  }
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? 'one hour' : `${seconds / 3600} hours`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** Chrome applies `form-action` to the redirects of a form's answer, so the way on is a page and not a redirect. */
export function goingOnPage(provider: string, next: string, requestId: string): OAuthResponse {
  const content = html`<p>Your browser goes on to <bdi>${provider}</bdi> by itself.</p>
<p class="acts"><a class="go" href="${next}">Go on to the login</a></p>`;
  return pageResponse({ status: 200, title: 'Now log in', content, requestId, next });
}

interface RefusedPageFacts {
  readonly clientName: string;
  readonly redirectUri: string;
  /** The redirect URI with the error. */
  readonly next: string;
  readonly requestId: string;
}

export function refusedPage({ clientName, redirectUri, next, requestId }: RefusedPageFacts): OAuthResponse {
  // Anybody can make a link to /authorize: only a click leads from here to a website or an app that they chose.
  const byItself = redirectTarget(redirectUri)?.kind === 'loopback';
  const content = html`<p>${nameOf({ name: clientName })} gets no access${byItself ? ', and is told so' : ''}.</p>
<p>You can close this page, or <a href="${next}">go back to the program</a>.</p>`;
  const title = 'You did not allow it';
  return pageResponse({ status: 200, title, content, requestId, ...(byItself ? { next } : {}) });
}
