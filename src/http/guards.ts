/**
 * What is refused before anybody looks at who is asking: ambiguous requests (two `Host` or `Authorization`
 * headers read differently by a proxy and by us), names that a rebound DNS entry would use, pages of a foreign
 * origin, and tokens in a URL, where every log on the way would keep them (RFC 6750 §2.3, RFC 9700 §4.3.2).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

const SINGLE = ['authorization', 'host', 'content-length', 'content-type', 'mcp-protocol-version', 'origin'];

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Node keeps the first of a repeated header and drops the rest, so the raw list is what tells. */
export async function refuseRepeatedHeaders(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const seen = new Set<string>();
  const { rawHeaders } = request.raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (seen.has(name) && SINGLE.includes(name)) {
      return refuse(reply, 400, 'repeated_header', `The header ${name} stands twice in this request.`);
    }
    seen.add(name);
  }
}

/**
 * A `Host` that a URL parser would read as another name than it spells (`a@127.0.0.1`, `0x7f.1`) is refused before
 * its name is looked up.
 */
export async function refuseUnusualHost(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const host = (request.headers.host ?? '').toLowerCase().replace(/:80$/, '');
  const url = `http://${host}`;
  if (URL.canParse(url) && new URL(url).host === host) return;
  return refuse(reply, 400, 'malformed_host', 'The Host header is not a plain host name with an optional port.');
}

export async function refuseTokenInUrl(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (/[?&;](access_token|id_token|token)=/i.test(request.raw.url ?? '')) {
    return refuse(reply, 400, 'invalid_request', 'A token belongs in the Authorization header, never in the URL.');
  }
}

/**
 * A request without `Origin` does not come from a page.
 *
 * @param origins exact origins: scheme, host and port
 * @param loopback whether pages of this very machine may call, whatever their port
 */
export function originGuard(origins: ReadonlySet<string>, loopback: boolean) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { origin } = request.headers;
    if (origin === undefined || allowsOrigin(origin, origins, loopback)) return;
    return refuse(
      reply,
      403,
      'origin_not_allowed',
      'Pages of that origin may not call this gateway. See MCP_ALLOWED_ORIGINS.',
    );
  };
}

export function allowsOrigin(origin: string, origins: ReadonlySet<string>, loopback: boolean): boolean {
  if (origins.has(origin)) return true;
  if (!loopback || !URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return (protocol === 'http:' || protocol === 'https:') && LOOPBACK.has(hostname);
}

/** The names a gateway goes by: those it was given, its public one, and the loopback ones while it is bound there. */
export function allowedHostNames(own: readonly string[], baseUrl: URL | undefined, boundTo: string): Set<string> {
  const names = new Set(own.map((name) => name.toLowerCase()));
  if (baseUrl !== undefined) names.add(baseUrl.hostname);
  if (isLoopback(boundTo)) for (const name of LOOPBACK) names.add(name);
  return names;
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

async function refuse(reply: FastifyReply, status: number, error: string, message: string): Promise<void> {
  await reply.code(status).header('cache-control', 'no-store').send({ error, message });
}
