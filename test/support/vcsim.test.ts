import { describe, expect, it } from 'vitest';
import { startVcsim, vcsimAvailable } from './vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('the simulator', () => {
  it('listens over TLS, stops, and comes back on the same port', async () => {
    const vcsim = await startVcsim({ dc: 2, vm: 1 });
    try {
      expect(vcsim.url).toBe(`https://${vcsim.host}/sdk`);
      expect(vcsim.thumbprintSha256).toMatch(/^[0-9a-f]{64}$/);
      const first = vcsim.pid;
      await vcsim.kill();
      await vcsim.restart();
      expect(vcsim.pid).not.toBe(first);
    } finally {
      await vcsim.stop();
    }
    expect(() => process.kill(vcsim.pid, 0)).toThrow('ESRCH');
  });
});
