/**
 * JSON as it may enter: bounded in nesting before it is parsed. A value nested too deeply would later break
 * `JSON.stringify`, and with it the audit record of the very request that carried it.
 */
import type { FastifyInstance } from 'fastify';

const DEEPEST = 64;

export function parseBoundedJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (nesting(body as string) > DEEPEST) {
      done(Object.assign(new Error(`JSON nested deeper than ${DEEPEST} levels`), { statusCode: 400 }), undefined);
      return;
    }
    void parse(request, body as string, done);
  });
}

/** The deepest nesting of arrays and objects in a JSON text; brackets inside strings do not count. */
export function nesting(json: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i += 1) {
    const c = json.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i += 1;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x5d || c === 0x7d) depth -= 1;
  }
  return deepest;
}
