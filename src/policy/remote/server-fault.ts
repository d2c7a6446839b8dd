/** What can be wrong with an answer, and whether asking again may help. */
import { ErprmError } from "../../errors.js";

/** A request that was not answered as it should be. */
export class ServerFault extends Error {
  override readonly name = "ServerFault";
  /** Asking again may help. */
  readonly canRetry: boolean;
  /** HTTP status of an answer that came. */
  readonly status: number | undefined;
  /** Milliseconds that the server asked to be left alone for. */
  readonly retryAfterMs: number | undefined;

  /** @param answer what came, for people: "500 Internal Server Error: out of memory" */
  constructor(
    readonly answer: string,
    {
      canRetry,
      status,
      retryAfterMs,
    }: { canRetry: boolean; status?: number | undefined; retryAfterMs?: number | undefined },
    cause?: unknown,
  ) {
    super(answer, cause === undefined ? undefined : { cause });
    this.canRetry = canRetry;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** The same fault in other words. */
  with(answer: string): ServerFault {
    return new ServerFault(answer, this, this.cause);
  }
}

/** Statuses that say something about the moment and not about the request. */
const passing = new Set([408, 409, 425, 429]);
const lasting = new Set([501, 505]);

export function canRetryStatus(status: number): boolean {
  return passing.has(status) || (status >= 500 && !lasting.has(status));
}

/** As HTTP writes it: seconds, or a date. Undefined for anything else. */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

const maxShown = 400;

/** The part of an answer's body that people should read: the error's message where there is one. */
export function shownBody(body: string): string {
  let text = body;
  try {
    const value = JSON.parse(body) as { error?: unknown; message?: unknown; detail?: unknown };
    const error = value?.error ?? value?.message ?? value?.detail;
    const message = (error as { message?: unknown } | undefined)?.message ?? error;
    if (message !== undefined) text = typeof message === "string" ? message : JSON.stringify(message);
  } catch {
    // A body that is no JSON is shown as it is.
  }
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > maxShown ? `${line.slice(0, maxShown)}...` : line;
}

/** The error that ends the work. `attempts` is how often the request was sent. */
export function serverError(fault: ServerFault, url: string, attempts: number): ErprmError {
  const { answer, status, canRetry } = fault;
  const details = { url, attempts, ...(status !== undefined && { status }), answer };
  if (canRetry) {
    const times = attempts === 1 ? "once" : `${attempts} times`;
    const message = `Expected an answer of ${url}, asked for it ${times}, received at last: ${answer}; what was finished is kept, the same command goes on from there`;
    return new ErprmError("ERPRM_IO", message, details, fault);
  }
  const hint =
    status === 401 || status === 403
      ? "; a key is read from ERPRM_OPENAI_API_KEY, OPENAI_API_KEY or the file of --api-key-file"
      : "";
  return new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected ${url} to take the request, it answered: ${answer}${hint}`,
    details,
    fault,
  );
}
