/**
 * Tasks that last until a test ends them, by the calls with which extensions make tasks of their own. The product
 * needs none of these calls, so they are written out here.
 */
import { Agent, request } from 'undici';
import type { ManagedObjectReference } from '../../src/vsphere/references.ts';
import type { Vcsim } from '../support/vcsim.ts';

export interface TaskDriver {
  /** A running task on an object. */
  open(entity: ManagedObjectReference): Promise<ManagedObjectReference>;
  progress(task: ManagedObjectReference, percentDone: number): Promise<void>;
  succeed(task: ManagedObjectReference): Promise<void>;
  close(): Promise<void>;
}

export async function driveTasks(vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>): Promise<TaskDriver> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  let cookie = '';

  const soap = async (body: string): Promise<string> => {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(vcsim.url, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'text/xml', soapaction: '"urn:vim25/6.5"', cookie },
      body: `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>${body}</Body></Envelope>`,
    });
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(text);
    const given = headers['set-cookie'];
    if (given !== undefined) cookie = String(given).split(';')[0]!;
    return text;
  };
  const method = (name: string, self: ManagedObjectReference, fields: string) =>
    soap(
      `<${name} xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
        `<_this type="${self.type}">${self.value}</_this>${fields}</${name}>`,
    );

  await method(
    'Login',
    { type: 'SessionManager', value: 'SessionManager' },
    `<userName>${vcsim.user}</userName><password>${vcsim.password}</password>`,
  );

  return {
    async open(entity) {
      const answer = await method(
        'CreateTask',
        { type: 'TaskManager', value: 'TaskManager' },
        `<obj type="${entity.type}">${entity.value}</obj><taskTypeId>com.vmware.govmomi.simulator.test</taskTypeId>` +
          '<initiatedBy>test</initiatedBy><cancelable>true</cancelable>',
      );
      const value = /<task type="Task">([^<]+)</.exec(answer)?.[1];
      if (value === undefined) throw new Error(answer);
      const task = { type: 'Task', value };
      // The simulator answers before it knows the task.
      for (let tries = 0; ; tries++) {
        try {
          await method('SetTaskState', task, '<state>running</state>');
          break;
        } catch (error) {
          if (tries > 100) throw error;
        }
      }
      return task;
    },
    async progress(task, percentDone) {
      await method('UpdateProgress', task, `<percentDone>${percentDone}</percentDone>`);
    },
    async succeed(task) {
      await method('SetTaskState', task, '<state>success</state>');
    },
    close: () => dispatcher.close(),
  };
}
