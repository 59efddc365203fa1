import { describe, expect, it } from 'vitest';
import type {
  ClusterRecommendation,
  Event,
  HostDatastoreBrowserSearchResults,
  TaskInfo,
} from '../vim25/generated/types.ts';
import { toRecommendation } from './cluster.ts';
import { filesOf } from './datastore.ts';
import { toEntry } from './events.ts';
import { describeVlan } from './network.ts';
import { toTaskEntry } from './task-history.ts';
import { bytesToGb, humanDuration, humanSize, percent } from './units.ts';

describe('units', () => {
  it('count in binary steps', () => {
    expect(bytesToGb(1_610_612_736)).toBe(1.5);
    expect(bytesToGb(undefined)).toBeUndefined();
    expect([humanSize(0), humanSize(1023), humanSize(1536), humanSize(1024 ** 4)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KB',
      '1 TB',
    ]);
  });

  it('tell a duration in days, hours and minutes', () => {
    expect([humanDuration(59), humanDuration(3660), humanDuration(90_060)]).toEqual(['0m', '1h 1m', '1d 1h 1m']);
  });

  it('have no percentage of nothing', () => {
    expect(percent(1, 3)).toBe(33.33);
    expect(percent(1, 0)).toBeUndefined();
    expect(percent(undefined, 3)).toBeUndefined();
  });
});

describe('a VLAN', () => {
  it.each([
    [{ vlanId: 0 }, '0', 0],
    [{ vlanId: 42 }, '42', 42],
    [{ pvlanId: 7 }, 'pvlan 7', 7],
    [
      {
        vlanId: [
          { start: 1, end: 10 },
          { start: 20, end: 20 },
        ],
      },
      'trunk 1-10,20',
      undefined,
    ],
    [undefined, undefined, undefined],
  ])('%j is shown as %s', (spec, vlan, vlanId) => {
    expect(describeVlan(spec)).toEqual({ vlan, vlanId });
  });
});

describe('files on a datastore', () => {
  it('are told by their type, with what is known of a disk', () => {
    const files = filesOf({
      folderPath: '[ds] web/',
      file: [
        { $type: 'FolderFileInfo', path: 'sub' },
        { $type: 'VmDiskFileInfo', path: 'web.vmdk', fileSize: 10, capacityKb: 4, hardwareVersion: 14 },
        { $type: 'FileInfo', path: 'notes.txt', modification: '2026-01-01T00:00:00Z' },
        { $type: 'FileInfoOfTomorrow', path: 'x' },
      ],
    } as unknown as HostDatastoreBrowserSearchResults);
    expect(files.map(({ type }) => type)).toEqual(['folder', 'disk', 'file', 'file']);
    expect(files[1]).toMatchObject({ name: 'web.vmdk', sizeBytes: 10, capacityKb: 4, hardwareVersion: 14 });
    expect(filesOf(undefined)).toEqual([]);
  });
});

describe('an event', () => {
  it('is told by its class, an extended one by its id', () => {
    const common = { key: 1, chainId: 1, createdTime: '2026-01-01T00:00:00Z', userName: 'root' };
    const plain = { $type: 'VmPoweredOnEvent', ...common, vm: { name: 'a%2fb' }, fullFormattedMessage: 'on' };
    expect(toEntry(plain as unknown as Event)).toMatchObject({ type: 'VmPoweredOnEvent', vm: 'a/b', message: 'on' });
    const extended = { $type: 'EventEx', ...common, eventTypeId: 'esx.problem.x' };
    expect(toEntry(extended as unknown as Event)).toMatchObject({ type: 'esx.problem.x', vm: undefined });
  });
});

describe('a task', () => {
  it('names the person that started it and why it failed', () => {
    const info = {
      key: 'task-1',
      task: { type: 'Task', value: 'task-1' },
      descriptionId: 'VirtualMachine.powerOn',
      state: 'error',
      error: {
        fault: { $type: 'InvalidPowerState' },
        localizedMessage: 'The attempted operation cannot be performed.',
      },
      entity: { type: 'VirtualMachine', value: 'vm-1' },
      entityName: '100%25',
      reason: { $type: 'TaskReasonUser', userName: 'root' },
      queueTime: '2026-01-01T00:00:00Z',
      cancelable: false,
    } as unknown as TaskInfo;
    expect(toTaskEntry(info)).toMatchObject({ id: 'task-1', entity: '100%', user: 'root', error: expect.any(String) });
    expect(toTaskEntry({ ...info, state: 'success' }).error).toBeUndefined();
  });
});

describe('a DRS recommendation', () => {
  it('is told with its reason and what it would move', () => {
    const target = { type: 'VirtualMachine', value: 'vm-1' };
    const recommendation = {
      key: '1',
      type: 'V1',
      rating: 4,
      reason: 'fairnessCpuAvg',
      reasonText: '',
      action: [{ type: 'MigrationV1', target }],
    } as unknown as ClusterRecommendation;
    expect(toRecommendation(recommendation)).toEqual({
      key: '1',
      reason: 'fairnessCpuAvg',
      rating: 4,
      type: 'V1',
      actions: [{ type: 'MigrationV1', target }],
    });
  });
});
