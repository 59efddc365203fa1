/**
 * XML of a server, read as three events.
 *
 * What arrives is hostile until read: well-formedness is strict, a DOCTYPE is refused (so that no entity but the
 * five of XML and numeric ones can exist), depth and size are capped, and only UTF-8 is taken.
 */
import { SaxesParser } from 'saxes';
import { ProtocolError, TransportError } from './errors.ts';

export interface XmlHandler {
  /** `name` without its prefix; attributes as written, prefixes included. */
  start(name: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  end(): void;
}

export interface XmlLimits {
  /** Elements within elements. Default 128. */
  readonly maxDepth?: number | undefined;
  /** Bytes. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface XmlReader {
  write(chunk: Uint8Array): void;
  /** Says that all was written; an unfinished document is an error. */
  close(): void;
}

const DEFAULT_MAX_DEPTH = 128;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Errors: `ProtocolError` for what is no XML or forbidden, `TransportError` (`too-large`); a handler's own pass through. */
export function createXmlReader(handler: XmlHandler, limits: XmlLimits = {}): XmlReader {
  const { maxDepth = DEFAULT_MAX_DEPTH, maxBytes = DEFAULT_MAX_BYTES } = limits;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parser = new SaxesParser({ position: false });
  let depth = 0;
  let bytes = 0;

  parser.on('error', (error) => {
    throw new ProtocolError('it is not well-formed XML', { cause: error });
  });
  parser.on('doctype', () => {
    throw new ProtocolError('it has a DOCTYPE');
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') throw new ProtocolError('it is not UTF-8');
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth++;
    if (depth > maxDepth) throw new ProtocolError(`its elements are nested more than ${maxDepth} deep`);
    handler.start(localName(name), attributes as Record<string, string>);
  });
  parser.on('text', (text) => handler.text(text));
  parser.on('cdata', (text) => handler.text(text));
  parser.on('closetag', () => {
    depth--;
    handler.end();
  });

  return {
    write(chunk) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      parser.write(decode(() => decoder.decode(chunk, { stream: true })));
    },
    close() {
      parser.write(decode(() => decoder.decode())).close();
    },
  };
}

function tooLarge(maxBytes: number): TransportError {
  return new TransportError('too-large', `The answer of the vSphere server is larger than ${maxBytes} bytes.`, {
    maybeExecuted: true,
  });
}

export function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}

function decode(next: () => string): string {
  try {
    return next();
  } catch (cause) {
    throw new ProtocolError('it is not UTF-8', { cause });
  }
}
