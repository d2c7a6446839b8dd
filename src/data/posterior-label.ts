/**
 * Mean and standard deviation of a label when the success rate p has the distribution Beta(alpha, beta).
 *
 * With p = 1 / (1 + e^-u) the density of u is proportional to e^(alpha u) / (1 + e^u)^(alpha + beta) and the label is
 * (ln(1 + e^(u + eta)) - ln(1 + e^u)) / eta. Density and label are analytic for |Im u| < pi whatever eta is, so the trapezoidal
 * rule on the line converges geometrically, where a quadrature in p would meet the logarithm's branch point just outside
 * [0, 1]. The constant of the density is not needed: both sums have it.
 */
import type { ParsedLabelName } from "./label-name.js";
import { labelAt } from "./label-value.js";

export interface Moments {
  mean: number;
  deviation: number;
}

/** Nats below the mode at which the tails are cut. */
const tailDepth = 42;

/** Counts repeat all the time: results by label name and parameters. */
const known = new Map<string, Moments>();
const maxKnown = 1 << 14;

/** `name` is `soft` or `er:ETA`, of which `er:0` is `soft`; alpha and beta at least 0.01. */
export function posteriorMoments(name: ParsedLabelName, alpha: number, beta: number): Moments {
  if (name.kind !== "er" || name.eta === 0) {
    const total = alpha + beta;
    return { mean: alpha / total, deviation: Math.sqrt((alpha * beta) / (total + 1)) / total };
  }
  const key = `${name.name} ${alpha} ${beta}`;
  let moments = known.get(key);
  if (moments === undefined) {
    moments = integrate(name, alpha, beta);
    if (known.size >= maxKnown) known.clear();
    known.set(key, moments);
  }
  return moments;
}

function integrate(name: ParsedLabelName & { kind: "er" }, alpha: number, beta: number): Moments {
  const points = logisticPoints(alpha, beta);
  const weight = points.reduce((sum, [, w]) => sum + w, 0);
  const labels = points.map(([u, w]) => [labelAtLogOdds(name, u), w] as const);
  const mean = labels.reduce((sum, [label, w]) => sum + w * label, 0) / weight;
  const variance = labels.reduce((sum, [label, w]) => sum + w * (label - mean) ** 2, 0) / weight;
  return { mean, deviation: Math.sqrt(variance) };
}

/** The label at p = 1 / (1 + e^-u), where neither p nor 1 - p can be told from 0 or 1. */
function labelAtLogOdds(name: ParsedLabelName & { kind: "er" }, u: number): number {
  const { eta } = name;
  // A label is 1 minus that of 1 - p with the other sign of eta.
  if (eta < 0) return 1 - labelAtLogOdds({ ...name, eta: -eta }, -u);
  // The difference of two logarithms, divided by eta, loses the digits of a small eta.
  if (eta <= 1) return labelAt(name, 1 / (1 + Math.exp(-u)));
  return u > 0 ? 1 + (softplus(-u - eta) - softplus(-u)) / eta : (softplus(u + eta) - softplus(u)) / eta;
}

/** Points u of the trapezoidal rule with their unnormalised weights, the mode's being 1. */
function logisticPoints(alpha: number, beta: number): [u: number, weight: number][] {
  const logDensity = (u: number) => alpha * u - (alpha + beta) * softplus(u);
  const mode = Math.log(alpha / beta);
  const top = logDensity(mode);
  // The deviation of u is at least the root; a third of it leaves an error of e^-88 for a normal density, and 1/4 is enough
  // for the singularities at +-i pi: e^-(2 pi^2 / (1/4)).
  const spacing = Math.min(0.25, Math.sqrt(1 / alpha + 1 / beta) / 3);
  const points: [number, number][] = [];
  for (const direction of [-1, 1]) {
    for (let i = direction === 1 ? 0 : 1; ; i += 1) {
      const u = mode + direction * i * spacing;
      const depth = logDensity(u) - top;
      if (depth < -tailDepth) break;
      points.push([u, Math.exp(depth)]);
    }
  }
  return points;
}

/** ln(1 + e^u) */
function softplus(u: number): number {
  return Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
}
