/** XML as a tree, names without their prefixes: OVF is read by its local names. */
import { ProtocolError } from './errors.ts';
import { createXmlReader, localName } from './xml-reader.ts';

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

interface Open {
  name: string;
  attributes: Map<string, string>;
  children: Open[];
  text: string;
}

const MAX_DEPTH = 64;
const MAX_BYTES = 8 * 1024 * 1024;
/** Elements and attributes. Each takes a hundred times the memory of the few bytes that it may be written in. */
const MAX_NODES = 100_000;

/** Errors: those of the XML reader. */
export function parseXml(text: string): Element {
  const top: Open = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [top];
  let nodes = 0;
  const reader = createXmlReader(
    {
      start(name, attributes) {
        const written = Object.entries(attributes);
        nodes += 1 + written.length;
        if (nodes > MAX_NODES) throw new ProtocolError(`it has more than ${MAX_NODES} elements and attributes`);
        const own = new Map(written.map(([key, value]) => [localName(key), value]));
        const element: Open = { name, attributes: own, children: [], text: '' };
        open.at(-1)!.children.push(element);
        open.push(element);
      },
      text(piece) {
        open.at(-1)!.text += piece;
      },
      end() {
        open.pop();
      },
    },
    { maxDepth: MAX_DEPTH, maxBytes: MAX_BYTES },
  );
  reader.write(Buffer.from(text));
  reader.close();
  return top.children[0] ?? top;
}

export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((each) => each.name === name);
}

export function children(element: Element | undefined, ...names: string[]): Element[] {
  return element?.children.filter((each) => names.includes(each.name)) ?? [];
}

/** The trimmed text of a child; undefined where there is none. */
export function textOf(element: Element | undefined, name: string): string | undefined {
  return child(element, name)?.text.trim();
}
