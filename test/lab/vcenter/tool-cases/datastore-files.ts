import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Args, Stage, ToolCases } from './case.ts';

const PRIVILEGE = 'Datastore.FileManagement';
let last = 0;

/** A datastore that can be written to, and what the lab itself says lies on it. */
function place(stage: Stage) {
  const datastore = stage.first(
    'Datastore',
    (each) =>
      each.get('summary').accessible &&
      each.get('vm').length > 0 &&
      (each.get('host') ?? []).some(({ mountInfo }) => mountInfo.accessMode === 'readWrite'),
  );
  return { id: datastore.id, name: datastore.get('name'), files: stage.world.files.of(datastore) };
}

/** A text file that no other case knows. */
function written(stage: Stage, text = 'content') {
  const { files, ...rest } = place(stage);
  const path = `case-${++last}.txt`;
  files.write(path, { size: text.length, bytes: Buffer.from(text) });
  return { ...rest, files, path };
}

const one =
  (field: string, pathField: string, more: Args = {}) =>
  (stage: Stage) => {
    const { id, path } = written(stage);
    return { [field]: id, [pathField]: path, ...more };
  };

const missingFile = (field: string, pathField: string, more: Args = {}) => ({
  args: (stage: Stage) => ({ [field]: place(stage).id, [pathField]: 'no-such-thing.iso', ...more }),
  code: 'NOT_FOUND' as const,
  says: /no-such-thing/,
});

export const datastoreFileCases: ToolCases = {
  download_from_datastore: {
    async works(stage) {
      const { id, path, name } = written(stage, 'häuser\n');
      const said = await stage.run('download_from_datastore', { datastore: id, path });
      expect(said).toMatchObject({ datastore: { id, name }, path, encoding: 'utf-8' });
      expect(said.sha256).toBe(createHash('sha256').update(said.content).digest('hex'));
    },
    fails: missingFile('datastore', 'path'),
    denied: { args: one('datastore', 'path'), without: 'Datastore.Browse' },
  },
  upload_to_datastore: {
    async works(stage) {
      const { id, files } = place(stage);
      const content = Buffer.from([0, 1, 2, 255]);
      const args = { datastore: id, remote_path: 'uploaded.bin', content_base64: content.toString('base64') };
      expect(await stage.run('upload_to_datastore', args)).toMatchObject({
        path: 'uploaded.bin',
        size_bytes: 4,
        sha256: createHash('sha256').update(content).digest('hex'),
      });
      expect(files.stat('uploaded.bin')).toMatchObject({ bytes: content });
      expect(files.list('').filter(({ name }) => name.endsWith('.part'))).toEqual([]);
    },
    fails: {
      args: one('datastore', 'remote_path', { content_base64: 'AAAA' }),
      code: 'INVALID_STATE',
      says: /exists already.*force/,
    },
    denied: {
      args: (stage) => ({ datastore: place(stage).id, remote_path: `new-${++last}`, content_base64: 'AAAA' }),
    },
  },
  delete_datastore_file: {
    async works(stage) {
      const { id, path, files } = written(stage);
      expect(await stage.run('delete_datastore_file', { datastore: id, path })).toMatchObject({ path, deleted: true });
      expect(files.stat(path)).toBeUndefined();
    },
    fails: missingFile('datastore', 'path'),
    denied: { args: one('datastore', 'path'), without: PRIVILEGE },
  },
  create_datastore_folder: {
    async works(stage) {
      const { id, files } = place(stage);
      const path = `made-${++last}/below`;
      expect(await stage.run('create_datastore_folder', { datastore: id, path })).toMatchObject({
        path,
        type: 'folder',
      });
      expect(files.stat(path)?.kind).toBe('folder');
    },
    fails: { args: one('datastore', 'path'), code: 'INVALID_STATE', says: /exists/ },
    denied: { args: (stage) => ({ datastore: place(stage).id, path: `made-${++last}` }), without: PRIVILEGE },
  },
  move_datastore_file: {
    async works(stage) {
      const { id, name, path, files } = written(stage, 'moved');
      const args = { source_datastore: id, source_path: path, dest_path: `${path}.moved` };
      expect(await stage.run('move_datastore_file', args)).toMatchObject({
        action: 'moved',
        source: { datastore: name, path },
        destination: { datastore: name, path: `${path}.moved`, size_bytes: 5 },
      });
      expect(files.stat(path)).toBeUndefined();
      expect(files.stat(`${path}.moved`)?.bytes?.toString()).toBe('moved');
    },
    fails: missingFile('source_datastore', 'source_path', { dest_path: 'elsewhere' }),
    denied: {
      args: async (stage) => ({ ...(await one('source_datastore', 'source_path')(stage)), dest_path: `to-${++last}` }),
      without: PRIVILEGE,
    },
  },
  copy_datastore_file: {
    async works(stage) {
      const { id, name, path, files } = written(stage, 'copied');
      const args = { source_datastore: id, source_path: path, dest_path: `${path}.copy` };
      expect(await stage.run('copy_datastore_file', args)).toMatchObject({
        action: 'copied',
        destination: { datastore: name, path: `${path}.copy`, size_bytes: 6 },
        force: false,
      });
      expect(files.stat(path)?.bytes?.toString()).toBe('copied');
      expect(files.stat(`${path}.copy`)?.bytes?.toString()).toBe('copied');
    },
    fails: missingFile('source_datastore', 'source_path', { dest_path: 'elsewhere' }),
    denied: {
      args: async (stage) => ({ ...(await one('source_datastore', 'source_path')(stage)), dest_path: `to-${++last}` }),
      without: PRIVILEGE,
    },
  },
};
