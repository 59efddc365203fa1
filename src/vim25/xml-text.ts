/** Text as XML 1.0 can carry it: https://www.w3.org/TR/xml/#charsets */
import { UnsendableValueError } from './errors.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 has no way to write.
const UNSENDABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const SPECIAL = /[&<>"\r\n\t]/;

/**
 * `text` for an element or a double-quoted attribute. Line breaks and tabs are written as references where a
 * parser would otherwise normalize them away (XML 1.0 §2.11, §3.3.3).
 *
 * Errors: INVALID_INPUT for a character that XML cannot carry, not even escaped.
 */
export function escapeXml(text: string): string {
  if (UNSENDABLE.test(text) || !text.isWellFormed()) {
    throw new UnsendableValueError(
      'The text contains a control character or half a character, which vSphere cannot take.',
    );
  }
  return SPECIAL.test(text) ? text.replace(/[&<>"\r\n\t]/g, (character) => REFERENCES[character]!) : text;
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};
