/** What a call leaves inside vCenter: its id with every request, and the person's name on the object. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, AUDIT_KEY, oauthEnv, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Issuer, startIssuer } from '../support/issuer.ts';
import { callTool as call } from '../support/mcp.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

describe.skipIf(!(await vcsimAvailable()))('inside vCenter', () => {
  let vcsim: Vcsim;
  let proxy: RecordingProxy;
  let gateway: TestGateway;
  let issuer: Issuer;
  let token: string;
  const callTool = (name: string, args = {}) => call(gateway.url, name, args, { token });

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false });
    proxy = await startRecordingProxy(vcsim.host);
    issuer = await startIssuer();
    token = await issuer.mint({ sub: 'alice', groups: ['vsphere-operators'], audience: AUDIENCE });
    const server = { url: `http://${proxy.host}/sdk`, user: vcsim.user, password: vcsim.password };
    gateway = await startGateway(server, oauthEnv(issuer.issuer));
    await callTool('list_vms');
  });
  afterAll(async () => {
    await gateway?.close();
    await issuer?.stop();
    await proxy?.stop();
    await vcsim?.stop();
  });

  it('every request of a call carries the id of its audit record', async () => {
    const before = proxy.requests().length;
    await callTool('get_vm_info', { name: 'DC0_H0_VM0' });
    const outcome = gateway.records().at(-1)!;
    const sent = proxy.requests().slice(before);
    expect(sent.length).toBeGreaterThan(0);
    for (const request of sent) expect(request).toContain(`>${outcome.request_id}</operationID>`);
  });

  it('a change leaves the person and the request on the object, before it is made', async () => {
    const before = proxy.requests().length;
    await callTool('power_off', { name: 'DC0_H0_VM0' });
    const { request_id, vcenter_event } = gateway.records().at(-1)!;
    expect(vcenter_event).toBe(vcsim.userEvents ? 'logged' : 'refused');

    const sent = proxy.requests().slice(before);
    const event = sent.findIndex((request) => request.includes('<LogUserEvent '));
    const change = sent.findIndex((request) => request.includes('<PowerOffVM_Task '));
    expect(event).toBeGreaterThanOrEqual(0);
    expect(change).toBeGreaterThan(event);
    expect(sent[event]).toContain(`alice: power_off via mcvsphere, request ${request_id}`);
    if (vcsim.userEvents) {
      const events = await callTool('list_recent_events');
      expect(events.text).toContain(`alice: power_off via mcvsphere, request ${request_id}`);
    }
  });

  it('no request holds a bearer token or the audit key, and only the login the password', async () => {
    for (const request of proxy.requests()) {
      expect(request).not.toMatch(/bearer|authorization:/i);
      expect(request).not.toContain(token);
      expect(request).not.toContain(AUDIT_KEY);
      if (!request.includes('<Login ')) expect(request).not.toContain(`>${vcsim.password}<`);
    }
  });
});
