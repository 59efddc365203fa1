/**
 * The frame of every page that a person sees during a login: plain HTML, no script, nothing from elsewhere, never
 * inside another page (clickjacking), never kept by a browser or a proxy.
 */
import { createHash } from 'node:crypto';
import { type Html, html, styleElement, textOf } from './html.ts';
import { NO_STORE, type OAuthResponse } from './oauth-exchange.ts';

const CSS = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--ground:#f2f4f7;--soft:#4a5460;--line:#c3cad3;--act:#0b57a8;--on-act:#fff;--warn:#fff4d6;--warn-line:#8a6100}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebef;--paper:#1b2027;--ground:#101419;--soft:#b3bcc7;--line:#4a5461;--act:#8cc2ff;--on-act:#07213f;--warn:#332a10;--warn-line:#e0b64a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main,footer{max-width:38rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem;color:var(--soft)}
header p{margin:0 0 .75rem;font-weight:600}
main{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:1.25rem 1.25rem 1.5rem;overflow-wrap:anywhere}
@media (max-width:40rem){main{border-width:1px 0;border-radius:0}}
h1{font-size:1.4rem;line-height:1.3;margin:.25rem 0 1rem}
h2{font-size:1.05rem;margin:1.5rem 0 .4rem}
p{margin:.5rem 0}
ul{margin:.4rem 0;padding-left:1.3rem}
li{margin:.3rem 0}
a{color:var(--act)}
.name{font-weight:700;background:var(--ground);border:1px solid var(--line);border-radius:.3rem;padding:0 .3rem;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.warn{background:var(--warn);border-left:.3rem solid var(--warn-line);padding:.6rem .9rem;margin:.75rem 0}
.acts{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button,.go{font:inherit;font-weight:600;min-height:2.75rem;padding:.55rem 1.2rem;border-radius:.4rem;border:2px solid var(--act);background:var(--paper);color:var(--act);cursor:pointer;text-decoration:none;display:inline-block}
button.yes,.go{background:var(--act);color:var(--on-act)}
:focus-visible{outline:3px solid var(--warn-line);outline-offset:3px}
footer{padding-top:1rem;padding-bottom:2rem;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}
@media (max-width:40rem){.acts>*{flex:1 1 100%;text-align:center}}
`;

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const PAGE_HEADERS = {
  ...NO_STORE,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  // Not no-referrer: a browser would then send the form with "Origin: null".
  'referrer-policy': 'same-origin',
  'x-robots-tag': 'noindex',
} as const;

export interface Page {
  readonly status: number;
  readonly title: string;
  /** Where the title holds a name from outside. */
  readonly heading?: Html;
  readonly content: Html;
  readonly requestId: string;
  /** Where the browser goes by itself, at once; the content holds a link there too. */
  readonly next?: string;
}

export function pageResponse({ status, title, heading, content, requestId, next }: Page): OAuthResponse {
  const refresh = next === undefined ? undefined : html`<meta http-equiv="refresh" content="0; url=${next}">`;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – mcvsphere</title>
${refresh}
${styleElement(CSS)}
</head>
<body>
<header><p>mcvsphere · VMware vSphere</p></header>
<main>
<h1>${heading ?? title}</h1>
${content}
</main>
<footer><p>Request <code>${requestId}</code>. If you ask your administrators about this page, give them this number.</p></footer>
</body>
</html>
`;
  return { status, headers: PAGE_HEADERS, body: textOf(document) };
}
