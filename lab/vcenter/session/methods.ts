/** ServiceInstance and SessionManager. */
import { anonymous, type MethodTable } from '../core/method.ts';
import { userSession } from '../core/sessions.ts';

export const serviceInstanceMethods: MethodTable = {
  RetrieveServiceContent: anonymous(({ world }) => world.content),
  CurrentTime: anonymous(({ world }) => new Date(world.clock.now()).toISOString()),
};

export const sessionManagerMethods: MethodTable = {
  Login: anonymous(({ world, session, request: { userName, password } }) =>
    userSession(world.sessions.logIn(session, userName, password)),
  ),
  Logout: ({ world, session }) => world.sessions.end(session),
  SessionIsActive: ({ world, request: { sessionID, userName } }) =>
    world.sessions.list().some(({ key, account }) => key === sessionID && account?.name === userName),
  TerminateSession: ({ world, request: { sessionId } }) => {
    for (const session of world.sessions.list()) if (sessionId.includes(session.key)) world.sessions.end(session);
  },
};
