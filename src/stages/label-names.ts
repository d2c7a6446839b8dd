/** Which labels a label run writes. */
import { erLabelName } from "../data/label-name.js";
import type { LabelName } from "../types.js";

export const defaultEtas: readonly number[] = [1, 2, 5];

/** `hard`, `soft` and one `er:ETA` for each eta, each once. @throws ERPRM_INVALID_ARGUMENT for an eta that is not finite. */
export function labelNames(etas: readonly number[] = defaultEtas): LabelName[] {
  return [...new Set<LabelName>(["hard", "soft", ...etas.map(erLabelName)])];
}
