/** The one cookie of a vSphere session. One jar per login: a late answer of an old session cannot replace a newer one. */
export interface CookieJar {
  /** Headers that a request of this session carries. */
  headers(): Readonly<Record<string, string>>;
  /** Takes the session's cookie out of an answer. */
  take(setCookie: string | readonly string[] | undefined): void;
}

const SESSION_COOKIE = 'vmware_soap_session';

export function createCookieJar(): CookieJar {
  let cookie: string | undefined;
  return {
    headers: (): Readonly<Record<string, string>> => (cookie === undefined ? {} : { cookie }),
    take(setCookie) {
      for (const line of typeof setCookie === 'string' ? [setCookie] : (setCookie ?? [])) {
        const pair = line.split(';', 1)[0]!.trim();
        if (pair.startsWith(`${SESSION_COOKIE}=`)) cookie = pair;
      }
    },
  };
}
