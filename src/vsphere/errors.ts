/** What can go wrong with what a person asked of vSphere. The messages are for that person. */
import { GatewayError } from '../lib/errors.ts';
import { quoted, shown } from './names.ts';

const MOST_LISTED = 20;

export class ObjectNotFoundError extends GatewayError {
  constructor(message: string, options?: ErrorOptions) {
    super('NOT_FOUND', message, options);
  }
}

export class AmbiguousNameError extends GatewayError {
  constructor(message: string) {
    super('AMBIGUOUS', message);
  }
}

/** The path or id names something else than what was asked for. */
export class WrongKindError extends GatewayError {
  constructor(message: string) {
    super('INVALID_INPUT', message);
  }
}

/** A path on a datastore that leads out of it, or nowhere. */
export class InvalidPathError extends GatewayError {
  /** @param argument which of the caller's */
  constructor(argument: string) {
    super(
      'INVALID_INPUT',
      `${argument}: write what is on the datastore as "folder/file", without the datastore's name.`,
    );
  }
}

/** vCenter does not let the account that the gateway logs in with read an object. */
export class UnreadableObjectError extends GatewayError {
  /** @param object what it is and its name: `VM "web01"` */
  constructor(object: string) {
    super(
      'PERMISSION_DENIED',
      `vSphere does not let the gateway's service account read the ${object}: it needs the privilege System.Read there.`,
    );
  }
}

export class UnsupportedError extends GatewayError {
  constructor(message: string) {
    super('UNSUPPORTED', message);
  }
}

export class InvalidStateError extends GatewayError {
  constructor(message: string) {
    super('INVALID_STATE', message);
  }
}

/** One managed server cannot be used; the others can. */
export class ServerUnavailableError extends GatewayError {
  constructor(server: string, why: string, cause: unknown) {
    super('UNAVAILABLE', `${quoted(server)} cannot be used: ${why}`, { cause });
  }
}

/** A vSphere task ended with a fault: nothing, or not all, of what was asked has happened. */
export class TaskFailedError extends GatewayError {
  readonly taskId: string;
  /** The class of the fault, `InvalidPowerState` say. */
  readonly faultType: string;

  constructor(taskId: string, faultType: string, message: string, cause: unknown) {
    super('TASK_FAILED', message, { cause });
    this.taskId = taskId;
    this.faultType = faultType;
  }
}

/** vSphere forgot the task (it was restarted, or the task is too old): nobody can know here how it ended. */
export class TaskGoneError extends GatewayError {
  override readonly maybeExecuted: boolean = true;

  constructor(taskId: string, cause?: unknown) {
    super('NOT_FOUND', `vSphere no longer knows the task ${quoted(taskId)}: look at the object to see how it ended.`, {
      cause,
    });
  }
}

/** vSphere does not let the task be watched: it goes on, and nobody can know here how it ends. */
export class UnwatchedTaskError extends GatewayError {
  override readonly maybeExecuted: boolean = true;

  constructor(taskId: string, cause: unknown) {
    const why = cause instanceof GatewayError ? cause.message : 'it does not say why.';
    super('VSPHERE_FAULT', `vSphere tells nothing of the task ${quoted(taskId)}: ${why}`, { cause });
  }
}

/** At most 20 of them in a sentence, and how many more there are. */
export function listed(items: readonly string[], most = MOST_LISTED): string {
  const told = items.slice(0, most).map((item) => shown(item, 300));
  const rest = items.length - told.length;
  return told.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
