/** What helps a training that ran out of memory. */
import { ErprmError } from "../../errors.js";

/** The error with advice where it is about memory. Only what changes no bit of the results can be changed in a run that is to go on. */
export function withMemoryAdvice(error: unknown): unknown {
  if (!(error instanceof ErprmError) || error.code !== "ERPRM_OUT_OF_MEMORY") return error;
  const advice =
    "the same command goes on from the last checkpoint, with --gradient-checkpointing in less memory; a smaller --tokens-per-batch or --max-length is another run";
  return new ErprmError(error.code, `${error.message}; ${advice}`, error.details, error);
}
