/** The server as a whole: its sessions, and its life. */
import { z } from 'zod';
import { type DeedTable, deed } from './deed.ts';

export const serverDeeds: DeedTable = {
  'expire-sessions': deed(z.strictObject({}), ({ world }) => {
    const ended = world.sessions.list().length;
    world.sessions.endAll();
    return { ended };
  }),
  restart: deed(z.strictObject({}), ({ restart }) => {
    // After the answer, which goes over a connection that a restart ends.
    setTimeout(() => void restart(), 50);
    return undefined;
  }),
};
