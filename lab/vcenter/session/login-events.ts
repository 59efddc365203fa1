/** Logins and logouts in the event log. */
import { VimFault } from '../core/faults.ts';
import type { Call } from '../core/method.ts';
import { type Session, userSession } from '../core/sessions.ts';

const ADDRESS = '127.0.0.1';

/** Errors: the fault InvalidLogin, on the record too. */
export function logIn({ world, session }: Pick<Call, 'world' | 'session'>, user: string, password: string) {
  try {
    const opened = world.sessions.logIn(session, user, password);
    const { key, userAgent, account } = opened;
    world.events.post('UserLoginSessionEvent', {
      user: account?.name ?? '',
      message: `User ${account?.name}@${ADDRESS} logged in as ${userAgent}`,
      fields: { ipAddress: ADDRESS, userAgent, locale: 'en', sessionId: key },
    });
    return userSession(opened);
  } catch (error) {
    if (error instanceof VimFault && error.fault.$type === 'InvalidLogin') {
      const name = user.slice(0, 256);
      world.events.post('BadUsernameSessionEvent', {
        user: name,
        message: `Cannot login ${name}@${ADDRESS}`,
        fields: { ipAddress: ADDRESS },
      });
    }
    throw error;
  }
}

export function logOut({ world }: Pick<Call, 'world'>, session: Session): void {
  const { account, loginTime, userAgent } = session;
  world.sessions.end(session);
  world.events.post('UserLogoutSessionEvent', {
    user: account?.name ?? '',
    message: `User ${account?.name}@${ADDRESS} logged out`,
    fields: {
      ipAddress: ADDRESS,
      userAgent,
      callCount: 0,
      sessionId: session.key,
      loginTime: new Date(loginTime).toISOString(),
    },
  });
}
