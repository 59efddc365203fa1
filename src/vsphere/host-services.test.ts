import { describe, expect, it } from 'vitest';
import { pickService, toService } from './host-services.ts';

const ssh = {
  key: 'TSM-SSH',
  label: 'SSH',
  required: false,
  uninstallable: false,
  running: true,
  policy: 'on',
  ruleset: ['sshServer'],
};

describe('host services', () => {
  it('tells what a service is, and no more', () => {
    expect(toService(ssh)).toEqual({
      key: 'TSM-SSH',
      label: 'SSH',
      policy: 'on',
      running: true,
      required: false,
      uninstallable: false,
    });
  });

  it('picks by the exact key', () => {
    const services = [toService({ ...ssh, key: 'TSM' }), toService(ssh)];
    expect(pickService(services, 'TSM-SSH').key).toBe('TSM-SSH');
  });

  it.each([
    ['tsm-ssh', 'Did you mean "TSM-SSH"?'],
    ['nothing-like-it-at-all', 'list_services tells which there are.'],
    ['', 'list_services'],
  ])('never acts on a near key: %o', (key, hint) => {
    expect(() => pickService([toService(ssh)], key)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining(hint) }),
    );
  });
});
