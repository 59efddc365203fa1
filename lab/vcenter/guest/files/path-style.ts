/** How a guest writes paths. */

export interface PathStyle {
  readonly separator: string;
  /** The names on the way from the root; `.` and `..` are among them. */
  segments(path: string): string[];
  isAbsolute(path: string): boolean;
  join(folder: string, name: string): string;
  /** What a name is found by. */
  key(name: string): string;
  /** Whether a file may have that name. */
  isName(name: string): boolean;
}

export const posixPaths: PathStyle = {
  separator: '/',
  segments: (path) => path.split('/').filter((segment) => segment !== ''),
  isAbsolute: (path) => path.startsWith('/'),
  join: (folder, name) => (folder.endsWith('/') ? folder + name : `${folder}/${name}`),
  key: (name) => name,
  isName: (name) => !name.includes('\0'),
};

/** The drive is the first name: `C:`. */
export const windowsPaths: PathStyle = {
  separator: '\\',
  segments: (path) => path.split(/[\\/]/).filter((segment) => segment !== ''),
  isAbsolute: (path) => /^[a-z]:([\\/]|$)/i.test(path),
  join: (folder, name) => (/[\\/]$/.test(folder) ? folder + name : `${folder}\\${name}`),
  key: (name) => name.toLowerCase(),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what Windows refuses
  isName: (name) => !/[\u0000-\u001f<>"|?*]/.test(name) && !/.:./.test(name),
};

/** The last name of a path as it is written: `/etc/passwd` is `passwd`. */
export function baseName(path: string, style: PathStyle): string {
  return style.segments(path).at(-1) ?? '';
}

/** A path without its last name; the root stays. */
export function folderOf(path: string, style: PathStyle): string {
  const trimmed = path.replace(/[\\/]+$/, '');
  const at = Math.max(trimmed.lastIndexOf('/'), style === windowsPaths ? trimmed.lastIndexOf('\\') : -1);
  if (at < 0) return path;
  const folder = trimmed.slice(0, at);
  if (folder === '') return style.separator;
  return /^[a-z]:$/i.test(folder) && style === windowsPaths ? `${folder}\\` : folder;
}
