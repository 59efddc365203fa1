/** Controls, format characters (bidirectional and zero-width marks among them), separators of lines, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/**
 * Text from outside as it may stand in one line of a message: nothing that moves a cursor, hides or turns its
 * direction, and not endless.
 *
 * @param most length in UTF-16 code units, beyond which it is cut
 */
export function plainText(text: string, most: number): string {
  const plain = text
    .slice(0, 4 * most)
    .replace(UNSEEN, ' ')
    .trim();
  return plain.length <= most ? plain : `${plain.slice(0, most).toWellFormed()}…`;
}
