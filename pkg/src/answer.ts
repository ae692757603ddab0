// What a service says to a request: answers, a refusal, or nothing that counts as either.

import { BurrowError, type ErrorCode, said } from "./error.js";
import { type Batch, type Name, Unpacker, writes } from "./message.js";
import { isAnswerTo } from "./shapes.js";

/** What becomes of a call. */
export interface Answer {
  error?: BurrowError;
  value?: unknown;
}

/**
 * The answers to the first calls of the batch, or to all. Throws a `BurrowError` where it is the service's refusal, and something else
 * where it is no answer to this batch: what stands in between may give what it has kept of another.
 */
export async function answersIn(
  response: Response,
  asked: Pick<Batch, "client" | "batch">,
  calls: readonly { call: Name }[],
): Promise<Answer[]> {
  if (!response.ok) throw await refusalIn(response);
  const answers = unpacked(new Uint8Array(await response.arrayBuffer()));
  if (answers.client !== asked.client || answers.batch !== asked.batch) {
    throw new Error("what answers there answers another request");
  }
  const { length } = answers.found;
  if (length === 0 || length > calls.length) {
    throw new Error(`there are ${length} answers to ${calls.length} calls`);
  }
  return calls.slice(0, length).map((call, i) => checked(call, answers.found[i] as Answer));
}

/** The one place where answers are decoded. */
function unpacked(message: Uint8Array): { client: unknown; batch: unknown; found: Answer[] } {
  try {
    const unpacker = new Unpacker(message);
    const { client, batch, answers } = unpacker.head as Record<string, unknown>;
    const found = (answers as { error?: unknown; value?: unknown }[]).map((answer) => {
      const error = BurrowError.from(answer.error);
      return error ? { error } : { value: unpacker.unpackAll(answer.value) };
    });
    unpacker.end();
    return { client, batch, found };
  } catch (cause) {
    throw new Error("what answers there is no store of burrow's", { cause });
  }
}

/** A value that the call cannot have is none, and to ask again would bring the same. */
function checked(call: { call: Name }, answer: Answer): Answer {
  if (answer.error || isAnswerTo(call.call, answer.value)) return answer;
  return {
    error: failed(new Error(`what answers \`${call.call}\` is nothing that it can have`), writes(call)),
  };
}

/** What a server says that knows nothing of burrow, where it says enough. */
const OF_STATUS: Partial<Record<number, [code: ErrorCode, said: string]>> = {
  401: ["Unauthorized", "unauthorized"],
  403: ["Unauthorized", "unauthorized"],
  404: ["NotFound", "not found"],
};

/** Why the service refused. */
export async function refusalIn(response: Response): Promise<Error> {
  const { status } = response;
  const text = await response.text();
  let refusal: BurrowError | undefined;
  try {
    refusal = BurrowError.from(JSON.parse(text));
  } catch {
    // It is somebody else's who stands in between.
  }
  if (refusal) return refusal;
  const answered = `HTTP ${status}: ${text.slice(0, 200)}`;
  const [code, what] = OF_STATUS[status] ?? [];
  return code ? new BurrowError(code, `${what}: the address answers with ${answered}`) : new Error(answered);
}

/** What a call rejects with that had no answer. */
export function failed(error: unknown, isUnknown: boolean): BurrowError {
  if (isUnknown) {
    return new BurrowError(
      "OutcomeUnknown",
      `outcome unknown: the service gave no answer: ${said(error)}; load, to see whether it was committed`,
      { cause: error },
    );
  }
  if (error instanceof BurrowError && error.code !== "OutcomeUnknown") return error;
  const message = `read failed: the service gave no answer: ${said(error)}`;
  return new BurrowError("ReadFailed", message, { retryable: true, cause: error });
}
