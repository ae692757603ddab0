// Errors as responses: burrow's own, and what the service refuses before burrow is asked.

import { BurrowError } from "burrow-store/serve";

/** What the service itself refuses. */
export class Refusal extends Error {
  constructor(status, code, message, { retryable = false, argument, headers = {} } = {}) {
    super(message);
    Object.assign(this, { status, headers, error: new BurrowError(code, message, { retryable, argument }) });
  }
}

const STATUS = {
  InvalidInput: 400,
  Unauthorized: 401,
  Conflict: 409,
  Fenced: 409,
  IllegalTransition: 409,
  SessionKeyMismatch: 409,
  TooLarge: 413,
  Unsupported: 400,
  QuotaExceeded: 507,
};

/** The response that says what went wrong. What is no error of burrow's is thrown on. */
export function refused(thrown) {
  const { status, headers, error } = thrown instanceof Refusal ? thrown : { error: thrown };
  if (!(error instanceof BurrowError)) throw thrown;
  return Response.json(error.toJSON(), { status: status ?? STATUS[error.code] ?? 500, headers });
}
