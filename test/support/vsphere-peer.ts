/**
 * A second pair of eyes on the simulator: bare SOAP by hand, with a session of its own and none of the gateway's
 * code, so that what a test reads back did not come the way it went.
 */
import { Agent, request } from 'undici';
import type { Vcsim } from './vcsim.ts';

export interface Peer {
  /** Simple properties of every object of a type, by the object's id; an unset property is ''. */
  properties(type: string, paths: readonly string[]): Promise<Map<string, Record<string, string>>>;
  close(): Promise<void>;
}

export async function openPeer(vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>): Promise<Peer> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  let cookie = '';
  const soap = async (body: string): Promise<string> => {
    const answer = await request(vcsim.url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'text/xml', soapaction: '"urn:vim25/6.5"', ...(cookie ? { cookie } : {}) },
      body: `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>${body}</e:Body></e:Envelope>`,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the peer's call failed: ${text.slice(0, 500)}`);
    const set = [answer.headers['set-cookie'] ?? []].flat()[0];
    if (set !== undefined) cookie = set.split(';')[0]!;
    return text;
  };

  const content = await soap(
    '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>',
  );
  const known = (name: string) => new RegExp(`<${name}[^>]*>([^<]+)</${name}>`).exec(content)![1]!;
  await soap(
    `<Login xmlns="urn:vim25"><_this type="SessionManager">${known('sessionManager')}</_this><userName>${vcsim.user}</userName><password>${vcsim.password}</password></Login>`,
  );

  return {
    async properties(type, paths) {
      const made = await soap(
        `<CreateContainerView xmlns="urn:vim25"><_this type="ViewManager">${known('viewManager')}</_this><container type="Folder">${known('rootFolder')}</container><type>${type}</type><recursive>true</recursive></CreateContainerView>`,
      );
      const view = /<returnval[^>]*>([^<]+)<\/returnval>/.exec(made)![1]!;
      const pathSet = paths.map((path) => `<pathSet>${path}</pathSet>`).join('');
      const answer = await soap(
        `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">${known('propertyCollector')}</_this><specSet><propSet><type>${type}</type><all>false</all>${pathSet}</propSet><objectSet><obj type="ContainerView">${view}</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><name>view</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></specSet><options/></RetrievePropertiesEx>`,
      );
      await soap(`<DestroyView xmlns="urn:vim25"><_this type="ContainerView">${view}</_this></DestroyView>`);
      return objectsOf(answer, paths);
    },
    async close() {
      await dispatcher.destroy();
    },
  };
}

function objectsOf(answer: string, paths: readonly string[]): Map<string, Record<string, string>> {
  const objects = new Map<string, Record<string, string>>();
  for (const [, object] of answer.matchAll(/<objects>(.*?)<\/objects>/gs)) {
    const id = /<obj [^>]*>([^<]+)<\/obj>/.exec(object!)![1]!;
    const properties = Object.fromEntries(paths.map((path) => [path, '']));
    for (const [, name, value] of object!.matchAll(
      /<propSet><name>([^<]+)<\/name><val[^>]*>(.*?)<\/val><\/propSet>/gs,
    )) {
      properties[name!] = unescaped(value!);
    }
    objects.set(id, properties);
  }
  return objects;
}

function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#34;', '"')
    .replaceAll('&amp;', '&');
}

/** The annotation of every VM, by its name. */
export async function annotations(vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>) {
  const peer = await openPeer(vcsim);
  return {
    async read(): Promise<Map<string, string>> {
      const vms = await peer.properties('VirtualMachine', ['name', 'config.annotation']);
      return new Map([...vms.values()].map((vm) => [vm.name!, vm['config.annotation']!]));
    },
    close: () => peer.close(),
  };
}
