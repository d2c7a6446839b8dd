/** The context length of a load: the model's own unless the user asks for another that the model can serve. */
import { failArgument } from "../check.js";

/**
 * @param trainedLength what a load gets when nothing is asked for, tokens
 * @param longest the longest sequence the model's position encoding was made for
 * @throws ERPRM_INVALID_ARGUMENT when `wanted` is not an integer from 1 to `longest`
 */
export function contextLengthInUse(wanted: number | undefined, trainedLength: number, longest: number): number {
  if (wanted === undefined) return trainedLength;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > longest) {
    failArgument("contextLength", `an integer from 1 to ${longest}, the longest context of this model,`, wanted);
  }
  return wanted;
}
