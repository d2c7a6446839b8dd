/**
 * The standard error of one label from one pair of counts; see `standardErrorsFromCounts` for what is computed and why.
 */
import type { ParsedLabelName } from "./label-name.js";

/** `name` is not `hard`; numCompletions >= 1, 0 <= numCorrect <= numCompletions. */
export function standardError(name: ParsedLabelName, numCompletions: number, numCorrect: number): number {
  const mean = (numCorrect + 0.5) / (numCompletions + 1);
  const deviation = Math.sqrt((mean * (1 - mean)) / (numCompletions + 2));
  return name.kind === "er" ? regularizedSlope(mean, name.eta) * deviation : deviation;
}

/** d/dp of (1/eta) ln(1 + p (e^eta - 1)): (e^eta - 1) / (eta (1 + p (e^eta - 1))), for p in (0, 1). */
function regularizedSlope(p: number, eta: number): number {
  if (eta === 0) return 1;
  // Above 1 both sides are divided by e^eta, which overflows from 710 on.
  if (eta > 1) return -Math.expm1(-eta) / (eta * (Math.exp(-eta) - p * Math.expm1(-eta)));
  return Math.expm1(eta) / (eta * (1 + p * Math.expm1(eta)));
}
