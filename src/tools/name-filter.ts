/**
 * A filter as people write one: a part of the name in any case, or with `*` and `?` a pattern for all of it.
 * Matched by hand: a regular expression made from a pattern with many stars can run for hours.
 */
export function nameFilter(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const wanted = pattern.toLowerCase();
  if (!/[*?]/.test(wanted)) return (name) => name.toLowerCase().includes(wanted);
  return (name) => matchesGlob(wanted, name.toLowerCase());
}

/** At a mismatch only the last star can take one character more, so the work is at most pattern times name. */
function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < name.length; ) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resume = i;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === name[i])) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      i = resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
