/** RetrievePropertiesEx and its pages. */
import type { ObjectContent, RetrieveResult } from '../../../src/vim25/generated/types.ts';
import { Encoded, encodeDeclared } from '../core/encode.ts';
import { invalidArgument } from '../core/faults.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { type Find, readSelected, type Selected, select } from '../core/property-filter.ts';
import type { Session } from '../core/sessions.ts';

const pages = new WeakMap<Session, Map<string, Page>>();
const MAX_PAGES = 100;
let lastToken = 0;

interface Page {
  readonly rest: readonly Selected[];
  readonly size: number;
}

/** What a session's own objects and the inventory hold. */
export function finderOf({ world, session }: Pick<Call, 'world' | 'session'>): Find {
  return (ref) => session.objects.find(ref.value) ?? world.objects.find(ref);
}

export const retrieveMethods: MethodTable = {
  RetrievePropertiesEx: (call) => {
    const { specSet, options } = call.request;
    const selected = specSet.flatMap((spec) => select(spec, finderOf(call)));
    const size = options.maxObjects ?? Number.POSITIVE_INFINITY;
    if (size <= 0) throw invalidArgument('options.maxObjects');
    return selected.length === 0 ? undefined : answerPage(call.session, { rest: selected, size });
  },
  ContinueRetrievePropertiesEx: ({ session, request: { token } }) => {
    const page = pages.get(session)?.get(token);
    if (!page) throw invalidArgument('token');
    pages.get(session)!.delete(token);
    return answerPage(session, page);
  },
  CancelRetrievePropertiesEx: ({ session, request: { token } }) => {
    if (!pages.get(session)?.delete(token)) throw invalidArgument('token');
  },
  RetrieveProperties: (call) =>
    call.request.specSet
      .flatMap((spec) => select(spec, finderOf(call)))
      .map((selected) => contentOf(selected, call.session)),
};

function answerPage(session: Session, { rest, size }: Page): RetrieveResult {
  const objects = rest.slice(0, size).map((selected) => contentOf(selected, session));
  if (rest.length <= size) return { objects };
  const token = String(++lastToken);
  const own = pages.get(session) ?? new Map<string, Page>();
  pages.set(session, own.set(token, { rest: rest.slice(size), size }));
  if (own.size > MAX_PAGES) own.delete(own.keys().next().value!);
  return { token, objects };
}

function contentOf(selected: Selected, session: Session): ObjectContent {
  const { properties, missing } = readSelected(selected, session);
  return {
    obj: selected.object.ref,
    ...(properties.length > 0 && {
      propSet: properties.map(({ name, declared, value }) => ({
        name,
        val: new Encoded(encodeDeclared('val', declared, value)),
      })),
    }),
    ...(missing.length > 0 && { missingSet: missing }),
  };
}
