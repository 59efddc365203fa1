/**
 * One record, one line of JSON, the same bytes for the same record. Nothing in the line can move a cursor, end the
 * line early or hide: what could is written as `\uXXXX`, which JSON readers turn back into the character.
 */

/** What JSON.stringify leaves as it is and plain ASCII does not have (its controls are escaped, all but DEL). */
const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]+/g;

/** Controls, separators of lines and paragraphs, bidirectional and zero-width marks, tags, fillers. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** @param value plain data: what `recordable` returns, or a record made of it */
export function canonicalJson(value: unknown): string {
  return escapeHostile(JSON.stringify(value));
}

/** Text with every character that a terminal would obey or hide written out. */
function escapeHostile(text: string): string {
  // Only these runs are looked at closely: the closer look costs ten times as much a character.
  return text.replace(NOT_PRINTABLE_ASCII, (run) => run.replace(HOSTILE, escaped));
}

function escaped(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i += 1) {
    out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return out;
}
