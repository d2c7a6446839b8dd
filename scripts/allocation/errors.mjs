/**
 * How far labels are from a reference with many completions of its own seed. Squared errors are less what the reference's own
 * noise adds to them: Var(label of the reference), by the delta method, p (1 - p) / (K - 1) times the squared slope.
 * Everything is a sum over a problem's prefixes, so that problems can be resampled.
 */
import { jeffreys, labelSteps } from "../../dist/src/data/step-labels.js";
import { CountHistogram, fitPrior } from "../../dist/src/labeling/fit-prior.js";
import { replay } from "./replay.mjs";

export const estimators = ["plug-in", "jeffreys", "fitted"];

/** Success rates of the reference: prefixes that are lost, hard, open, easy, safe. */
export const rateBins = [0.02, 0.35, 0.65, 0.98, Number.POSITIVE_INFINITY];

/** d label / d p. */
export function slopeOf(label, p) {
  if (label === "soft") return 1;
  const growth = Math.expm1(Number(label.slice(3)));
  return growth / (Number(label.slice(3)) * (1 + p * growth));
}

function estimatorFor(name, allSteps) {
  if (name === "plug-in") return { kind: "plug-in" };
  if (name === "jeffreys") return { kind: "posterior", prior: jeffreys };
  return { kind: "posterior", prior: fittedPrior(allSteps) };
}

/** Of the steps of several solutions. */
export function fittedPrior(allSteps) {
  const histogram = new CountHistogram();
  for (const step of allSteps.flat()) if (step.numCompletions > 0) histogram.add(step);
  return fitPrior(histogram);
}

const newSums = () => ({
  prefixes: 0,
  rollouts: 0,
  squared: {},
  signed: {},
  binPrefixes: rateBins.map(() => 0),
  binSquared: rateBins.map(() => 0),
  binSigned: rateBins.map(() => 0),
});

/** Per problem, summed over its prefixes and averaged over replays from other places; bins are of `binLabel`. */
export function errorSums(allocation, estimatorName, solutions, { labels, binLabel, offsets }) {
  const problems = new Map();
  for (const { problemId } of solutions) if (!problems.has(problemId)) problems.set(problemId, newSums());
  for (const offset of offsets) {
    const all = solutions.map((solution) => replay(allocation, solution, offset));
    const estimator = estimatorFor(estimatorName, all);
    for (const [s, steps] of all.entries()) {
      if (steps.length === 0) continue;
      const { problemId, reference } = solutions[s];
      const sums = problems.get(problemId);
      const estimated = labelSteps(steps, labels, estimator).labels;
      const wanted = labelSteps(reference, labels).labels;
      for (const [t, { numCompletions, numCorrect }] of reference.entries()) {
        const p = numCorrect / numCompletions;
        const bin = rateBins.findIndex((bound) => p <= bound);
        sums.prefixes += 1 / offsets.length;
        sums.binPrefixes[bin] += 1 / offsets.length;
        sums.rollouts += steps[t].numCompletions / offsets.length;
        for (const label of labels) {
          const error = estimated[label][t] - wanted[label][t];
          const noise = (slopeOf(label, p) ** 2 * p * (1 - p)) / (numCompletions - 1);
          sums.squared[label] = (sums.squared[label] ?? 0) + (error ** 2 - noise) / offsets.length;
          sums.signed[label] = (sums.signed[label] ?? 0) + error / offsets.length;
          if (label !== binLabel) continue;
          sums.binSquared[bin] += (error ** 2 - noise) / offsets.length;
          sums.binSigned[bin] += error / offsets.length;
        }
      }
    }
  }
  return [...problems.values()];
}

/** Sums over problems, problem i counted times[i] times. */
export function pooled(sums, times) {
  const total = (value) => sums.reduce((sum, one, i) => sum + times[i] * value(one), 0);
  const prefixes = total((one) => one.prefixes);
  return {
    rollouts: total((one) => one.rollouts) / prefixes,
    meanSquared: (label) => total((one) => one.squared[label] ?? 0) / prefixes,
    bias: (label) => total((one) => one.signed[label] ?? 0) / prefixes,
    binMeanSquared: (bin) => total((one) => one.binSquared[bin]) / total((one) => one.binPrefixes[bin]),
    binBias: (bin) => total((one) => one.binSigned[bin]) / total((one) => one.binPrefixes[bin]),
  };
}

/**
 * Completions of each prefix that a fixed number would need for a mean squared error: linear in the logarithms between the
 * neighbouring points [completions, mean squared error], which may be any two at the ends.
 */
export function fixedEquivalent(points, meanSquared) {
  const logs = points.map(([count, error]) => [Math.log(count), Math.log(error)]);
  let i = logs.findIndex(([, error]) => error <= Math.log(meanSquared));
  i = Math.min(Math.max(i === -1 ? logs.length - 1 : i, 1), logs.length - 1);
  const [[x0, y0], [x1, y1]] = [logs[i - 1], logs[i]];
  return Math.exp(x0 + ((Math.log(meanSquared) - y0) * (x1 - x0)) / (y1 - y0));
}
