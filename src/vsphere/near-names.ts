/** Names to suggest when none fits. They are only ever shown: nothing acts on a near match. */

const MOST_SUGGESTED = 3;
/** vSphere names have at most 80 characters; a longer wish is not worth comparing in full. */
const LONGEST = 80;

/** Up to three of `names`, the nearest first. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const wish = fold(wanted);
  if (wish === '') return [];
  const ranked: { name: string; rank: number }[] = [];
  for (const name of new Set(names)) {
    const rank = distance(wish, fold(name));
    if (rank !== undefined) ranked.push({ name, rank });
  }
  ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, MOST_SUGGESTED).map(({ name }) => name);
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase().trim().slice(0, LONGEST);
}

/** 0: equal but for case; then one inside the other; then few typing errors. */
function distance(wish: string, name: string): number | undefined {
  if (name === wish) return 0;
  const allowed = Math.min(3, Math.floor(Math.max(wish.length, 1) / 3));
  const edits = editDistance(wish, name, allowed);
  if (edits !== undefined) return edits;
  if (wish.length >= 3 && name.length >= 3 && (name.includes(wish) || wish.includes(name))) {
    return 4 + Math.abs(name.length - wish.length);
  }
  return undefined;
}

/** Levenshtein's distance, given up once it exceeds `most`. */
function editDistance(a: string, b: string, most: number): number | undefined {
  if (Math.abs(a.length - b.length) > most) return undefined;
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1));
    }
    if (Math.min(...row) > most) return undefined;
    above = row;
  }
  const edits = above[b.length]!;
  return edits <= most ? edits : undefined;
}
