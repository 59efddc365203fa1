/** Raises the simulator's own alarm on a VM: the event that triggers it, posted by bare SOAP. */
import { Agent, request } from 'undici';
import type { Vcsim } from './vcsim.ts';

/** @param status what the alarm turns to; `success` clears it */
export async function postAlarmEvent(
  { url, user, password }: Pick<Vcsim, 'url' | 'user' | 'password'>,
  vm: string,
  status: 'fatal' | 'failure' | 'success',
): Promise<void> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  let cookie = '';
  const soap = async (body: string) => {
    const answer = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'text/xml', soapaction: '"urn:vim25/6.5"', ...(cookie ? { cookie } : {}) },
      body: `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>${body}</e:Body></e:Envelope>`,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the alarm could not be raised: ${text.slice(0, 500)}`);
    cookie = [answer.headers['set-cookie'] ?? []].flat()[0]?.split(';')[0] ?? cookie;
  };
  try {
    await soap(
      `<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>${user}</userName><password>${password}</password></Login>`,
    );
    await soap(
      `<PostEvent xmlns="urn:vim25"><_this type="EventManager">EventManager</_this><eventToPost xsi:type="EventEx"><key>0</key><chainId>0</chainId><createdTime>2026-01-01T00:00:00Z</createdTime><userName></userName><eventTypeId>vcsim.vm.${status}</eventTypeId><objectId>${vm}</objectId><objectType>VirtualMachine</objectType></eventToPost></PostEvent>`,
    );
  } finally {
    await dispatcher.destroy();
  }
}
