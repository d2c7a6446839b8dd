/** The label of a success rate p: see step-labels.ts for the equations. */
import type { ParsedLabelName } from "./label-name.js";

/** In [0, 1] for p in [0, 1]. */
export function labelAt(parsed: ParsedLabelName, p: number): number {
  if (parsed.kind === "er") return regularizedLabel(p, parsed.eta);
  return parsed.kind === "soft" ? p : Number(p > 0);
}

/** (1/eta) ln(1 + p (e^eta - 1)) for p in [0, 1] and any finite eta. */
function regularizedLabel(p: number, eta: number): number {
  // At p = 0 and 1 the label is p, and ln(1 + expm1(-eta)) would lose it to -Infinity.
  // Below 1e-17 eta changes no digit of it, and p (e^eta - 1) may underflow.
  if (Math.abs(eta) < 1e-17 || p === 0 || p === 1) return p;
  // Above 1 the form that takes out the maximum: e^eta overflows from 710 on. Below, the direct one: nothing cancels.
  return eta > 1 ? 1 + Math.log1p((1 - p) * Math.expm1(-eta)) / eta : Math.log1p(p * Math.expm1(eta)) / eta;
}
