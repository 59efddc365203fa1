/** ServiceInstance and SessionManager. */
import { anonymous, type MethodTable } from '../core/method.ts';
import { logIn, logOut } from './login-events.ts';

export const serviceInstanceMethods: MethodTable = {
  RetrieveServiceContent: anonymous(({ world }) => world.content),
  CurrentTime: anonymous(({ world }) => new Date(world.clock.now()).toISOString()),
};

export const sessionManagerMethods: MethodTable = {
  Login: anonymous((call) => logIn(call, call.request.userName, call.request.password)),
  Logout: (call) => logOut(call, call.session),
  SessionIsActive: ({ world, request: { sessionID, userName } }) =>
    world.sessions.list().some(({ key, account }) => key === sessionID && account?.name === userName),
  TerminateSession: ({ world, request: { sessionId } }) => {
    for (const session of world.sessions.list()) if (sessionId.includes(session.key)) logOut({ world }, session);
  },
};
