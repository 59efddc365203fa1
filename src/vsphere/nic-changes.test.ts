import { expect, it } from 'vitest';
import { manualMac } from './nic-changes.ts';

it.each([
  ['00:50:56:3F:ff:FF', '00:50:56:3f:ff:ff'],
  ['00-50-56-00-00-00', '00:50:56:00:00:00'],
  ['02:00:00:00:00:01', '02:00:00:00:00:01'],
])('writes %o as vSphere does', (given, mac) => {
  expect(manualMac(given)).toBe(mac);
});

it.each([
  '',
  '00:50:56:00:00',
  '00:50:56:00:00:00:00',
  '005056000000',
  '00:50:56:00:00:0g',
  '00:50:56:00:00:00\n',
  ' 00:50:56:00:00:00',
  '00:00:00:00:00:00',
  'ff:ff:ff:ff:ff:ff',
  '01:00:5e:00:00:01',
  '00:50:56:40:00:00',
  '00:0c:29:12:34:56',
])('refuses %o', (given) => {
  expect(() => manualMac(given)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('mac_address') }),
  );
});
