/** What grading lets pass beyond equality. */
import { expectInteger, failArgument } from "../check.js";

export interface GradeOptions {
  /**
   * Only equality passes: a percentage is not its number, `{1,3}` is not `(1,3)`, `1,5` is not `1.5`, a column is not a
   * tuple. Default false.
   */
  strict?: boolean;
  /** A decimal with at least this many digits after the point may be a rounding of the other side. Default 6. */
  roundingDecimals?: number;
}

export type ResolvedOptions = Required<GradeOptions>;

export const defaultOptions: ResolvedOptions = { strict: false, roundingDecimals: 6 };

/** @throws ERPRM_INVALID_ARGUMENT for an option of another type or range */
export function resolveOptions(options: GradeOptions | undefined): ResolvedOptions {
  if (options === undefined) return defaultOptions;
  const { strict = false, roundingDecimals = 6 } = options;
  if (typeof strict !== "boolean") failArgument("strict", "true or false", strict);
  return { strict, roundingDecimals: expectInteger("roundingDecimals", roundingDecimals, 1, 1000) };
}
