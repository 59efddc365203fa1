/** C0 and C1 controls, line and paragraph separators, bidirectional and zero-width marks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const HOSTILE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text from outside as it may stand in one line of a message: nothing that moves a cursor or hides, and not endless. */
export function plainText(text: string, most: number): string {
  const clean = text.replace(HOSTILE, '\ufffd');
  return clean.length <= most ? clean : `${clean.slice(0, most)}…`;
}
