/** The label kernel for any rewards; 0/1 outcomes that were counted have a closed form (`labelsFromCounts`). */
import { failArgument } from "../check.js";
import { loadNative } from "./loader.js";

/**
 * label[e, p] = (1/eta_e) ln(mean over k in [offsets[p], offsets[p+1]) of exp(eta_e * outcomes[k])), for every eta and prefix:
 * a Float32Array [etas, P]. It lies between the smallest and the largest outcome of its prefix; eta 0 is the mean (the soft
 * label), Infinity the largest outcome (the hard label of 0/1 outcomes).
 * @throws ERPRM_INVALID_ARGUMENT for an outcome that is not finite, an eta that is not a number, a prefix without outcomes,
 *   offsets that are none; ERPRM_NATIVE_MISSING
 * @example await logMeanExp(Float32Array.of(1, 0, 1, 1), Int32Array.of(0, 2, 4), [1, 5])
 */
export async function logMeanExp(
  outcomes: Float32Array,
  offsets: Int32Array,
  etas: ArrayLike<number>,
): Promise<Float32Array> {
  if (!(outcomes instanceof Float32Array)) failArgument("outcomes", "a Float32Array", outcomes);
  if (!(offsets instanceof Int32Array)) failArgument("offsets", "an Int32Array", offsets);
  for (const [e, eta] of Array.from(etas).entries()) {
    if (Number.isNaN(eta)) failArgument(`etas[${e}]`, "a number", eta);
  }
  return loadNative().logMeanExp(outcomes, offsets, Float64Array.from(etas));
}
