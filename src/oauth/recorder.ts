/** What the login leaves on the record. No token, code, cookie or secret ever stands in an entry. */
export interface LoginEntry {
  readonly event: 'LOGIN' | 'CONSENT' | 'TOKEN_REFRESH' | 'TOKEN_REUSE' | 'REVOKED' | 'REFUSED';
  readonly user?: string;
  readonly sub?: string;
  readonly iss?: string;
  readonly client_id?: string;
  readonly sid?: string;
  readonly src_ip?: string;
  /** Absent where no request was the cause. */
  readonly request_id?: string;
  readonly result?: 'success';
  readonly error?: string;
  readonly error_code?: string;
  readonly reason?: string;
  /** The path that refused. */
  readonly endpoint?: string;
  /** How many refusals are meant; `request_id` is that of the first. */
  readonly count?: number;
  /** From the first of them to the writing. */
  readonly duration_ms?: number;
}

export interface Recorder {
  /** Durable when it resolves. Rejects where it cannot be written: what was to be recorded then does not happen. */
  record(entry: LoginEntry): Promise<void>;
}

/** The request that caused something, for its record. */
export interface Origin {
  readonly requestId?: string;
  readonly sourceAddress?: string;
}
