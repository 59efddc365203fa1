/**
 * The desk that a person sits at: programs that want a browser (by BROWSER or xdg-open) get the script that is
 * named here, and it has the pages walked in this process, as far as the person goes.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PASSWORD } from '../../lab/identity-provider/people.ts';
import { createUserAgent, type Page } from '../support/user-agent.ts';

export interface Desk {
  /** For a program's BROWSER; its folder holds it under the name `xdg-open` too. */
  readonly script: string;
  readonly folder: string;
  /** How often a program wanted to show something. */
  shown(): number;
  /** Counts one more, and says who sees it. */
  show(): string | undefined;
  /** Who sits there from now on; nobody looks at the pages of an empty desk. */
  seat(person: string | undefined): void;
  close(): Promise<void>;
}

export async function setUpDesk(folder: string): Promise<Desk> {
  let shown = 0;
  let person: string | undefined;
  const show = () => {
    shown += 1;
    return person;
  };
  const server = createServer(async (request, response) => {
    const url = await text(request);
    const seenBy = show();
    const end = seenBy === undefined ? 'nobody is here' : await walk(url, seenBy).then(summary, String);
    response.end(`${end}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const script = `#!${process.execPath}
fetch('${address}', { method: 'POST', body: process.argv[2] }).then((answer) => answer.text()).then(console.log);
`;
  await mkdir(folder, { recursive: true });
  for (const name of ['browser', 'xdg-open']) {
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o755);
  }
  return {
    script: join(folder, 'browser'),
    folder,
    shown: () => shown,
    show,
    seat(next) {
      person = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Allows the access, logs in, and goes on to where the program waits for the answer. */
export async function walk(
  url: string | URL,
  person: string,
  until: (url: URL) => boolean = () => false,
): Promise<Page> {
  const agent = createUserAgent();
  const consent = await agent.follow(await agent.open(url));
  const login = await agent.follow(await agent.submit(consent, {}, { button: 'allow' }), { until });
  const filledIn = await agent.submit(login, { username: person, password: PASSWORD }, { form: 'password' });
  return agent.follow(filledIn, { until });
}

function summary({ status, url, text: content }: Page): string {
  return `${status} ${url.origin}${url.pathname}: ${content.slice(0, 200)}`;
}
