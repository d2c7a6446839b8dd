/** Long computations on the main thread let other work run now and then, and can be aborted there. */
import { ErprmError } from "../errors.js";

const millisecondsBetweenPauses = 10;

/**
 * A function to call often: undefined, or a pause that is due and has to be awaited, which rejects with ERPRM_ABORTED
 * ("Aborted while `doing`") when the signal was given by then.
 */
export function pauses(doing: string, signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let pausedAt = performance.now();
  const pause = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw new ErprmError("ERPRM_ABORTED", `Aborted while ${doing}`, {}, signal.reason);
    pausedAt = performance.now();
  };
  return () => (performance.now() - pausedAt < millisecondsBetweenPauses ? undefined : pause());
}
