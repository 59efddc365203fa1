/** The login: a name and a password, and nothing to consent to, since the company's own application asks. */
import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { errorPage, loginPage, PAGE_HEADERS } from './pages.ts';
import { PASSWORD, type People, type Person } from './people.ts';

const LARGEST_FORM = 8 * 1024;

/** Answers the interaction pages of `provider`; everything else is left to `next`. */
export function loginPages(provider: Provider, people: People) {
  return async (context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (!context.path.startsWith('/interaction/')) return next();
    context.set({ ...PAGE_HEADERS });
    try {
      await interact(context);
    } catch (error) {
      context.status = 400;
      context.body = errorPage('invalid_request', descriptionOf(error));
    }
  };

  async function interact(context: KoaContextWithOIDC): Promise<void> {
    const { req, res } = context;
    const interaction = await provider.interactionDetails(req, res);
    const { prompt, params } = interaction;
    const form = context.method === 'POST' ? await readForm(req) : undefined;
    const finish = async (result: Record<string, unknown>): Promise<void> => {
      const returnTo = await provider.interactionResult(req, res, result, { mergeWithLastSubmission: true });
      await handOver(provider, interaction, result);
      context.status = 303;
      context.set('location', returnTo);
    };

    if (form?.get('action') === 'cancel') {
      return finish({ error: 'access_denied', error_description: 'The user cancelled the login' });
    }
    if (prompt.name === 'consent') return finish({ consent: await agreeToEverything(provider, interaction) });

    const username = form?.get('username') ?? '';
    const outcome = form === undefined ? undefined : logIn(people, username, form.get('password'));
    if (typeof outcome === 'object') return finish({ login: { accountId: outcome.sub, amr: ['pwd'] } });

    context.status = outcome === undefined ? 200 : 422;
    context.body = loginPage({
      client: String(params.client_id),
      username: username || String(params.login_hint ?? ''),
      names: people.all().flatMap(({ name, state }) => (state === 'deleted' ? [] : [name])),
      password: PASSWORD,
      ...(outcome === undefined ? {} : { problem: outcome }),
    });
  }
}

/** oidc-provider keeps what happened beside a message that only repeats the code. */
function descriptionOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { error_description: description } = error as { readonly error_description?: unknown };
  return typeof description === 'string' ? description : error.message;
}

/** The person, or what to tell them. */
function logIn(people: People, username: string, password: string | null): Person | string {
  const person = people.all().find(({ name, state }) => name === username && state !== 'deleted');
  if (person === undefined || password !== PASSWORD) return 'The user name or the password is wrong.';
  return person.state === 'active' ? person : 'This account is disabled.';
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Another person in the same browser: oidc-provider would ask for a logout first, on a page that needs a script. */
async function handOver(provider: Provider, { session }: Interaction, result: Record<string, unknown>): Promise<void> {
  const next = (result.login as { accountId?: string } | undefined)?.accountId;
  if (next === undefined || session?.uid === undefined || session.accountId === next) return;
  const stored = await provider.Session.findByUid(session.uid);
  if (stored === undefined) return;
  stored.accountId = undefined;
  stored.authorizations = undefined;
  await stored.persist();
}

async function agreeToEverything(provider: Provider, { grantId, session, params }: Interaction): Promise<object> {
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant =
    known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) });
  const scope = String(params.scope ?? '');
  grant.addOIDCScope(scope);
  for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(String(resource), scope);
  return { grantId: await grant.save() };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    // Read to its end all the same, or the browser would see a cut connection and no page.
    if (text.length <= LARGEST_FORM) text += String(chunk);
  }
  if (text.length > LARGEST_FORM) throw new Error('the form is too large');
  return new URLSearchParams(text);
}
