/**
 * HTML in which nothing from outside can be markup: whatever is put into a template is escaped, unless it is HTML
 * that a template made. Names of strangers stand in `<bdi>`, so that they do not turn the direction of our words.
 */
const MADE_HERE = Symbol('html');

export interface Html {
  readonly [MADE_HERE]: string;
}

type Part = string | number | Html | undefined | readonly Html[];

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let out = texts[0]!;
  parts.forEach((part, i) => {
    out += rendered(part) + texts[i + 1]!;
  });
  return { [MADE_HERE]: out };
}

export function textOf(made: Html): string {
  return made[MADE_HERE];
}

/** The style sheet: a text of ours, which needs no escaping and must keep its hash. */
export function styleElement(css: string): Html {
  return { [MADE_HERE]: `<style>${css}</style>` };
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if ('map' in part) return part.map((one) => one[MADE_HERE]).join('');
  return part[MADE_HERE];
}

function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
