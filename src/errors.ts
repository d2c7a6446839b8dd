/**
 * Every error of the product: one class, one code each, and the category that decides the exit code.
 * `native/core/error_codes.def` is the source of the codes; a contract test compares it with this file and the README.
 */

/** Who has to act: the category of a code. */
export type ErrorCategory = "caller" | "data" | "operator" | "abort" | "conflict" | "internal";

export const errorCategories = {
  ERPRM_INVALID_ARGUMENT: "caller",
  ERPRM_INVALID_DATA: "data",
  ERPRM_INVALID_CHECKPOINT: "data",
  ERPRM_NOT_FOUND: "data",
  ERPRM_IO: "operator",
  ERPRM_OUT_OF_MEMORY: "operator",
  ERPRM_DEVICE_UNAVAILABLE: "operator",
  ERPRM_DEVICE_FAULT: "operator",
  ERPRM_NUMERICAL: "data",
  ERPRM_BUSY: "caller",
  ERPRM_DISPOSED: "caller",
  ERPRM_ABORTED: "abort",
  ERPRM_RUN_CONFLICT: "conflict",
  ERPRM_NATIVE_MISSING: "operator",
  ERPRM_INTERNAL: "internal",
} as const satisfies Record<string, ErrorCategory>;

export type ErrorCode = keyof typeof errorCategories;

/** Facts a program can act on: `name`, `expected`, `received`, `file`, `line`, `field`, `path`, `tensor`, ... */
export type ErrorDetails = Record<string, unknown>;

/** The one error class. `message` says what was expected, which name, what came, and where. */
export class ErprmError extends Error {
  override readonly name = "ErprmError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** How the JavaScript engine, the loader of libraries and the operating system say that there is no memory left. */
const memoryPhrases =
  /out of memory|allocation failed|cannot allocate memory|failed to map segment|could not reserve|std::bad_alloc/i;

/**
 * ERPRM_OUT_OF_MEMORY for an error that says so in whatever words; undefined for all others, those of the product included.
 * @param wanted completes "Expected memory ...": "to read labels.parquet"
 */
export function memoryError(error: unknown, wanted = "to go on"): ErprmError | undefined {
  if (!(error instanceof Error) || error instanceof ErprmError) return undefined;
  if (!memoryPhrases.test(error.message) && (error as NodeJS.ErrnoException).code !== "ENOMEM") return undefined;
  const [why] = error.message.split("\n");
  return new ErprmError(
    "ERPRM_OUT_OF_MEMORY",
    `Expected memory ${wanted}, received none (${why}): free some, or raise the limit of this process (ulimit -v counts addresses, of which it needs more than memory)`,
    { reason: why },
    error,
  );
}

const exitCodes: Record<ErrorCategory, number> = {
  caller: 2,
  data: 2,
  operator: 3,
  abort: 130,
  conflict: 4,
  internal: 1,
};

/** The process exit code of an error: 1 internal, 2 input, 3 machine, 4 run directory of another run, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ErprmError ? exitCodes[errorCategories[error.code]] : 1;
}
