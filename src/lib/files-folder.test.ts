import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FilesFolder, openFilesFolder, requireFilesFolder } from './files-folder.ts';

let outside: string;
let root: string;
let folder: FilesFolder;

beforeEach(async () => {
  outside = await realpath(await mkdtemp(join(tmpdir(), 'mcvsphere-files-')));
  root = join(outside, 'root');
  await mkdir(join(root, 'iso'), { recursive: true });
  await writeFile(join(outside, 'secret'), 'secret');
  await writeFile(join(root, 'iso', 'a.iso'), 'content');
  folder = await openFilesFolder(root);
});
afterEach(() => rm(outside, { recursive: true, force: true }));

async function contentOf(path: string, options?: { start?: number; end?: number; chunkSize?: number }) {
  const file = await folder.open(path);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of file.read(options)) chunks.push(chunk);
    return chunks.map(String);
  } finally {
    await file.close();
  }
}

const HOSTILE = [
  '',
  '.',
  '/',
  '..',
  '../secret',
  'iso/../../secret',
  'iso/../iso/a.iso',
  '/etc/passwd',
  'C:/Windows/win.ini',
  'c:\\Windows\\win.ini',
  '\\\\server\\share',
  'iso\\..\\..\\secret',
  'iso/a.iso\0.txt',
  'iso/a\n.iso',
  'iso/\u202ea.iso',
  'iso/a.iso/',
  'a'.repeat(256),
  `${'a/'.repeat(40)}b`,
  '\ud800',
];

describe('a folder for files', () => {
  it('reads files by a path that is relative, or absolute and inside', async () => {
    expect(await contentOf('iso/a.iso')).toEqual(['content']);
    expect(await contentOf('./iso//a.iso')).toEqual(['content']);
    expect(await contentOf(join(root, 'iso', 'a.iso'))).toEqual(['content']);
  });

  it('reads a part, in chunks as large as asked for', async () => {
    expect(await contentOf('iso/a.iso', { start: 1, end: 6, chunkSize: 2 })).toEqual(['on', 'te', 'n']);
  });

  it.each(HOSTILE)('refuses %j', async (path) => {
    await expect(folder.open(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(folder.create(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('says that there is no such file, without the path of the folder', async () => {
    const failure = await folder.open('iso/b.iso').catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'NOT_FOUND' });
    expect((failure as Error).message).not.toContain(root);
  });

  it('follows no symbolic link, at the end or on the way, inside or outside', async () => {
    await symlink(join(outside, 'secret'), join(root, 'link'));
    await symlink(outside, join(root, 'way'));
    await symlink(join(root, 'iso'), join(root, 'own'));
    await symlink(join(outside, 'new'), join(root, 'dangling'));
    for (const path of ['link', 'way/secret', 'own/a.iso']) {
      await expect(folder.open(path)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    }
    for (const path of ['link', 'way/new', 'own/new', 'dangling']) {
      await expect(folder.create(path)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    }
    expect(await readdir(outside)).toEqual(['root', 'secret']);
  });

  it('reads plain files only, and waits for no named pipe', async () => {
    const [makePipe, ...args] = ['mkfifo', join(root, 'pipe')] as const;
    execFileSync(makePipe, args);
    await expect(folder.open('pipe')).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(folder.open('iso')).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('tells that a file became shorter while it was read', async () => {
    const file = await folder.open('iso/a.iso');
    await truncate(join(root, 'iso', 'a.iso'), 3);
    const read = async () => {
      for await (const _chunk of file.read());
    };
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await file.close();
  });

  it('shows a new file when all of it is there', async () => {
    const file = await folder.create('iso/new.bin');
    await file.write(Buffer.from('one'));
    expect((await readdir(join(root, 'iso'))).filter((name) => !name.startsWith('.'))).toEqual(['a.iso']);
    await file.write(Buffer.from('two'));
    await file.commit();
    await file.discard();
    expect(await readFile(join(root, 'iso', 'new.bin'), 'utf8')).toBe('onetwo');
    expect(await readdir(join(root, 'iso'))).toEqual(['a.iso', 'new.bin']);
  });

  it('leaves nothing of a file that is discarded', async () => {
    const file = await folder.create('iso/new.bin');
    await file.write(Buffer.from('half'));
    await file.discard();
    await file.discard();
    expect(await readdir(join(root, 'iso'))).toEqual(['a.iso']);
  });

  it('replaces no file, also not one that has come meanwhile', async () => {
    await expect(folder.create('iso/a.iso')).rejects.toMatchObject({ code: 'INVALID_STATE' });
    const file = await folder.create('iso/late.iso');
    await file.write(Buffer.from('mine'));
    await link(join(root, 'iso', 'a.iso'), join(root, 'iso', 'late.iso'));
    await expect(file.commit()).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await file.discard();
    expect(await readFile(join(root, 'iso', 'late.iso'), 'utf8')).toBe('content');
    expect(await readdir(join(root, 'iso'))).toEqual(['a.iso', 'late.iso']);
  });

  it('goes on where it was when the way is replaced by a link meanwhile', async () => {
    const file = await folder.create('iso/new.bin');
    await file.write(Buffer.from('mine'));
    await rm(join(root, 'iso', 'a.iso'));
    execFileSync('mv', [join(root, 'iso'), join(root, 'moved')]);
    await symlink(outside, join(root, 'iso'));
    await file.commit();
    expect(await readdir(outside)).toEqual(['root', 'secret']);
    expect(await readFile(join(root, 'moved', 'new.bin'), 'utf8')).toBe('mine');
  });

  it('has to be there and a directory', async () => {
    await expect(openFilesFolder(join(outside, 'nowhere'))).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await expect(openFilesFolder(join(outside, 'secret'))).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });

  it('is none unless the operator named one', () => {
    expect(() => requireFilesFolder(undefined, 'leave it out.')).toThrow(/MCP_FILES_DIR.*leave it out/);
  });
});
