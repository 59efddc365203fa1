/**
 * What a person reads when a login goes wrong: what happened, what to do, and the number under which it is on the
 * record. Nothing on these pages comes from an internal error, and none says more than its reader may know.
 */
import type { GroupsProblem } from '../identity/claims.ts';
import { type Html, html } from './html.ts';
import type { OAuthResponse } from './oauth-exchange.ts';
import { pageResponse } from './page.ts';

export type Problem =
  | 'unknown_client'
  | 'client_document'
  | 'redirect_uri'
  | 'invalid_request'
  | 'consent_expired'
  | 'consent_elsewhere'
  | 'login_elsewhere'
  | 'login_over'
  | 'logged_out'
  | 'provider_unavailable'
  | 'provider_denied'
  | 'provider_error'
  | 'login_invalid'
  | 'clock_skew'
  | 'no_recognised_group'
  | GroupsProblem
  | 'too_many_requests'
  | 'gateway_unavailable'
  | 'gateway_failed';

interface Explanation {
  readonly status: number;
  readonly title: string;
  readonly happened: string;
  readonly todo: string;
}

const AGAIN = 'Go back to your program and start the login there again.';
const NO_ACCESS =
  'Ask your administrators to put you into a group for vSphere. Then start the login again: your groups are read again.';

const EXPLANATIONS: Readonly<Record<Problem, Explanation>> = {
  unknown_client: {
    status: 400,
    title: 'This program is not registered here',
    happened:
      'The program that sent you here is not known to this gateway, or its registration has expired. Nothing was allowed.',
    todo: 'In your program, remove this server and add it again, or delete its saved login; then start the login again.',
  },
  client_document: {
    status: 400,
    title: 'The description of this program cannot be read',
    happened:
      'The program that sent you here describes itself at a web address, and what is there could not be fetched or used. Nothing was allowed.',
    todo: 'Try again in a minute. If it keeps happening, tell your administrators: they can list the program on this gateway.',
  },
  redirect_uri: {
    status: 400,
    title: 'The answer would go to a wrong place',
    happened:
      'The program asked for the access to be sent to an address that it has not registered. The gateway sends nothing there.',
    todo: 'If you have just added this server to a program you trust, remove it there and add it again. If a link brought you here, close this page.',
  },
  invalid_request: {
    status: 400,
    title: 'The program asked in a way that is not allowed',
    happened: 'The request for access was not complete or not correct. Nothing was allowed.',
    todo: 'Update the program and try again. If it keeps happening, give its makers these words:',
  },
  consent_expired: {
    status: 400,
    title: 'This page was open too long',
    happened:
      'The question whether to allow access is good for ten minutes. Your answer came later, so it did not count.',
    todo: AGAIN,
  },
  consent_elsewhere: {
    status: 403,
    title: 'This answer did not come from your page',
    happened:
      'Your answer did not arrive together with the cookie that this gateway gave to your browser. Either cookies are blocked, or another page tried to answer for you. Nothing was allowed.',
    todo: 'Allow cookies for this site. If you were about to log in, go back to your program and start again; if not, close this page.',
  },
  login_elsewhere: {
    status: 403,
    title: 'This login was not started in this browser',
    happened:
      'A login ends only in the browser in which the access was allowed. This browser has no sign of that: it was another browser or a private window, cookies are blocked, more than ten minutes have passed, or somebody sent you a link to finish a login of theirs. Nobody was given access.',
    todo: 'If you started this login yourself, start it again in your program and stay in one browser. If somebody sent you here, close this page and tell your administrators.',
  },
  login_over: {
    status: 400,
    title: 'This login is already over',
    happened:
      'Each login counts once. This one has been finished, perhaps in another tab or before you went back or loaded the page again, or its time has passed.',
    todo: 'Look at your program: it may be connected already. If not, start the login there again.',
  },
  logged_out: {
    status: 403,
    title: 'You were logged out meanwhile',
    happened:
      'While this login was under way, your company’s login reported that you have logged out, or were logged out there. Nothing was allowed.',
    todo: AGAIN,
  },
  provider_unavailable: {
    status: 503,
    title: 'Your company’s login cannot be reached',
    happened: 'The gateway cannot reach the server where people log in. Nobody can log in until it answers again.',
    todo: 'Try again in a few minutes. If it keeps happening, tell your administrators.',
  },
  provider_denied: {
    status: 403,
    title: 'Your company’s login did not let you in',
    happened: 'The login was cancelled, or your account may not use this gateway. Nothing was allowed.',
    todo: 'If you cancelled it by mistake, start the login again in your program. If not, ask your administrators whether your account may use this gateway.',
  },
  provider_error: {
    status: 502,
    title: 'Your company’s login reported an error',
    happened: 'The server where people log in answered with an error instead of a login.',
    todo: 'Start the login again. If it keeps happening, tell your administrators: the gateway’s registration there may need attention.',
  },
  login_invalid: {
    status: 502,
    title: 'The login could not be checked',
    happened:
      'The gateway could not make sure that the answer of your company’s login is genuine and meant for it. Nobody was given access.',
    todo: 'Start the login again. If it keeps happening, tell your administrators.',
  },
  clock_skew: {
    status: 502,
    title: 'Two clocks do not agree',
    happened:
      'The clock of this gateway and that of your company’s login are too far apart, so the login seems to come from another time.',
    todo: 'You cannot change this yourself. Tell your administrators that the clocks of both servers must be set (NTP).',
  },
  no_recognised_group: {
    status: 403,
    title: 'You have no access to vSphere here',
    happened: 'None of your groups gives any right on this gateway.',
    todo: NO_ACCESS,
  },
  groups_absent: {
    status: 403,
    title: 'You have no access to vSphere here',
    happened: 'Your company’s login named no group of yours, and only groups give rights on this gateway.',
    todo: NO_ACCESS,
  },
  groups_overage: {
    status: 403,
    title: 'You are in too many groups',
    happened:
      'You are in so many groups that your company’s login leaves all of them out. Without groups the gateway cannot tell what you may do.',
    todo: 'Tell your administrators: they can have only the groups for this gateway sent, or use app roles.',
  },
  groups_malformed: {
    status: 403,
    title: 'Your groups cannot be read',
    happened:
      'Your company’s login sent your groups in a form that the gateway does not understand, so it takes them for none.',
    todo: 'Tell your administrators: the mapping of groups has to be looked at.',
  },
  too_many_groups: {
    status: 403,
    title: 'You are in too many groups',
    happened: 'Your company’s login named more groups of yours than the gateway accepts, so it takes them for none.',
    todo: 'Tell your administrators: they can have only the groups for this gateway sent.',
  },
  group_names_refused: {
    status: 403,
    title: 'You have no access to vSphere here',
    happened: 'The names of your groups hold characters that are not accepted, and the others give no right here.',
    todo: NO_ACCESS,
  },
  too_many_requests: {
    status: 429,
    title: 'Too many tries',
    happened: 'More logins come from your network address than this gateway takes in a minute.',
    todo: 'Wait a minute, then load this page again.',
  },
  gateway_unavailable: {
    status: 503,
    title: 'The gateway cannot log anybody in just now',
    happened: 'A part that every login needs is not available. Nothing was allowed.',
    todo: 'Try again in a few minutes. If it keeps happening, tell your administrators.',
  },
  gateway_failed: {
    status: 500,
    title: 'The gateway failed',
    happened: 'Something went wrong inside the gateway. Nothing was allowed.',
    todo: 'Start the login again. If it keeps happening, tell your administrators.',
  },
};

export interface ProblemFacts {
  readonly requestId: string;
  /** A sentence of ours for whoever makes the client; never a text from outside. */
  readonly detail?: string;
  /** To tell the client how it ended; the person decides when. */
  readonly goBack?: string;
  /** Groups that would give access; only for somebody who is logged in. */
  readonly groups?: readonly string[];
  readonly user?: string;
}

export function problemPage(
  problem: Problem,
  { requestId, detail, goBack, groups = [], user }: ProblemFacts,
): OAuthResponse {
  const { status, title, happened, todo } = EXPLANATIONS[problem];
  const content = html`
${user === undefined ? undefined : html`<p>You are logged in as <strong><bdi>${user}</bdi></strong>.</p>`}
<p>${happened}</p>
<h2>What you can do</h2>
<p>${todo}</p>
${detail === undefined ? undefined : html`<p><code>${detail}</code></p>`}
${groupList(groups)}
${goBack === undefined ? undefined : html`<p class="acts"><a class="go" href="${goBack}">Go back to the program</a></p>`}`;
  const page = pageResponse({ status, title, content, requestId });
  return status === 503 ? { ...page, headers: { ...page.headers, 'retry-after': '30' } } : page;
}

function groupList(groups: readonly string[]): Html | undefined {
  if (groups.length === 0) return undefined;
  return html`<p>Groups that give access:</p><ul>${groups.map((group) => html`<li><bdi>${group}</bdi></li>`)}</ul>`;
}
