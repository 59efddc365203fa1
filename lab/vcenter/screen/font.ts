/** A small font: five dots wide, seven high. Capital letters stand for small ones, too. */

/** A letter's seven rows, each as one digit to the base 32 whose bits are the dots. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  C: 'ehggghe',
  D: 'uhhhhhu',
  E: 'vgguggv',
  F: 'vgguggg',
  G: 'ehgnhhf',
  H: 'hhhvhhh',
  I: 'e44444e',
  J: '72222ic',
  K: 'hikokih',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hpljhhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  Q: 'ehhhlid',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  V: 'hhhhha4',
  W: 'hhhllla',
  X: 'hha4ahh',
  Y: 'hha4444',
  Z: 'v1248gv',
  '0': 'ehjlphe',
  '1': '4c4444e',
  '2': 'eh1248v',
  '3': 'v2421he',
  '4': '26aiv22',
  '5': 'vgu11he',
  '6': '68guhhe',
  '7': 'v124888',
  '8': 'ehhehhe',
  '9': 'ehhf12c',
  ' ': '0000000',
  '-': '000v000',
  '.': '00000cc',
  _: '000000v',
  ':': '0cc0cc0',
  '/': '01248g0',
  '(': '2488842',
  ')': '8422248',
  '%': 'op248j3',
  '@': 'ehnlnge',
  '+': '044v440',
  ',': '0000c48',
  '#': 'aavavaa',
};

/** For what the font has not. */
const BOX = 'vhhhhhv';

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;

/** Whether a letter has a dot at a place. */
export function hasDot(letter: string, column: number, row: number): boolean {
  const bits = Number.parseInt((GLYPHS[letter.toUpperCase()] ?? BOX)[row]!, 32);
  return (bits & (1 << (GLYPH_WIDTH - 1 - column))) !== 0;
}
