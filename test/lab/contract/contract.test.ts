/** The same questions to the lab and to vcsim. An answer that differs is a defect, or is explained in differences.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../../support/vcsim.ts';
import { changes } from './changes.ts';
import { DIFFERENCES } from './differences.ts';
import { reads } from './reads.ts';
import { openServer, type Server } from './server.ts';

const QUESTIONS = { ...reads, ...changes };

describe.skipIf(!(await vcsimAvailable()))('the lab and vcsim', () => {
  let vcenter: VCenter;
  let vcsim: Vcsim;
  let lab: Server;
  let other: Server;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 20 });
    vcsim = await startVcsim({ dc: 1, cluster: 1, vm: 3 });
    lab = await openServer(vcenter);
    other = await openServer(vcsim);
  });
  afterAll(async () => {
    await lab?.close();
    await other?.close();
    await vcenter?.stop();
    await vcsim?.stop();
  });

  it.each(Object.entries(QUESTIONS))('%s', async (name, ask) => {
    const [own, others] = [await ask(lab), await ask(other)];
    if (name in DIFFERENCES) expect(own, 'they agree by now: take it off the list').not.toEqual(others);
    else expect(own).toEqual(others);
  });

  it('explains no difference to a question that nobody asks', () => {
    expect(Object.keys(DIFFERENCES).filter((name) => !(name in QUESTIONS))).toEqual([]);
  });
});
