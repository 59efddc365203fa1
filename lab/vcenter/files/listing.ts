/** Folders as the HTML page that a browser sees. */
import { escapeXml } from '../../../src/vim25/xml-text.ts';

export interface Line {
  readonly name: string;
  readonly href: string;
  /** Bytes; undefined for a folder. */
  readonly size?: number;
  /** Milliseconds since the epoch. */
  readonly modified?: number;
}

export function listingPage(title: string, lines: readonly Line[], parent?: string): string {
  const rows = lines.map(({ name, href, size, modified }) => {
    const cells = [
      `<a href="${escapeXml(href)}">${escapeXml(name)}</a>`,
      modified === undefined ? '' : new Date(modified).toUTCString(),
      size === undefined ? '-' : String(size),
    ];
    return `<tr>${cells.map((cell, index) => `<td${index === 2 ? ' align="right"' : ''}>${cell}</td>`).join('')}</tr>`;
  });
  const up = parent === undefined ? '' : `<tr><td><a href="${escapeXml(parent)}">Parent Directory</a></td></tr>`;
  return (
    `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${escapeXml(title)}</title></head><body>` +
    `<h1>${escapeXml(title)}</h1><table><tr><th>Name</th><th>Last modified</th><th>Size</th></tr>` +
    `${up}${rows.join('\n')}</table></body></html>\n`
  );
}
