/** The pages that a person sees: plain HTML, no script, nothing loaded from anywhere. */
import { createHash } from 'node:crypto';

const STYLE = `:root{color-scheme:light dark;--ink:#1c2733;--paper:#f4f6f8;--card:#fff;--line:#6b7784;--deed:#0b57b0;
--on-deed:#fff;--bad:#a4161a}
@media(prefers-color-scheme:dark){:root{--ink:#e7edf3;--paper:#12171d;--card:#1c242d;--line:#8b98a5;--deed:#8ec1ff;
--on-deed:#0b1a2b;--bad:#ffb3b0}}
*{box-sizing:border-box}
body{margin:0;padding:8vh 1rem 2rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:24rem;margin:0 auto;padding:1.5rem;background:var(--card);border-radius:.75rem}
h1{margin:0 0 .5rem;font-size:1.4rem}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input,button{width:100%;min-height:2.75rem;padding:.5rem .75rem;font:inherit;border-radius:.4rem}
input{color:inherit;background:transparent;border:1px solid var(--line)}
button{margin-top:1rem;border:1px solid var(--deed);background:var(--deed);color:var(--on-deed);font-weight:600;cursor:pointer}
button.quiet{background:transparent;color:var(--deed)}
:focus-visible{outline:3px solid var(--deed);outline-offset:2px}
.bad{color:var(--bad);font-weight:600}
code{overflow-wrap:anywhere}`;

/** Without `form-action`: browsers apply it to the redirect that follows a form, and that leads to the client. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
    "base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function loginPage(options: {
  readonly client: string;
  readonly username: string;
  readonly names: readonly string[];
  /** Everybody's, since this is a lab. */
  readonly password: string;
  readonly problem?: string;
}): string {
  const problem = options.problem === undefined ? '' : `<p class="bad" role="alert">${escapeHtml(options.problem)}</p>`;
  const names = options.names.map((name) => `<code>${escapeHtml(name)}</code>`).join(', ');
  return page(
    'Log in',
    `<h1>Log in</h1>
<p>to continue to <strong>${escapeHtml(options.client)}</strong></p>
${problem}<form method="post">
<label for="username">User name</label>
<input id="username" name="username" value="${escapeHtml(options.username)}" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<button name="action" value="login">Log in</button>
<button name="action" value="cancel" class="quiet">Cancel</button>
</form>
<p>This is a provider for trying things out. Its people: ${names}. Everybody's password is <code>${escapeHtml(options.password)}</code>.</p>`,
  );
}

export function errorPage(error: string, description: string | undefined): string {
  return page(
    'This did not work',
    `<h1>This did not work</h1>
<p>Go back to the application and begin the login again.</p>
<p><code>${escapeHtml(error)}</code>${description === undefined ? '' : `: ${escapeHtml(description)}`}</p>`,
  );
}

/** `form` is oidc-provider's own, named `op.logoutForm`. */
export function logoutPage(form: string): string {
  return page(
    'Log out',
    `<h1>Log out?</h1>
${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Log out</button>
<button type="submit" form="op.logoutForm" class="quiet">Stay logged in</button>`,
  );
}

export function loggedOutPage(): string {
  return page('Logged out', '<h1>Logged out</h1>\n<p>You can close this page.</p>');
}

function page(title: string, content: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Lab identity provider</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
