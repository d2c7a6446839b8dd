/**
 * Accuracy of every method at every N, the mean over problems, with its interval by the bootstrap over problems, widened where
 * that sees too little (share-interval.ts).
 */
import { type BootstrapOptions, bootstrap, defaultBootstrap, type Estimate } from "../statistics/bootstrap.js";
import { shareBounds, widened } from "../statistics/share-interval.js";
import type { MethodResult } from "./evaluation.js";
import type { AccuraciesAtN } from "./methods.js";

/** Means of samples of one length, one value a problem, each with its interval; all see the same draws of problems. */
export async function meansOverProblems(
  samples: readonly Float64Array[],
  numProblems: number,
  options: BootstrapOptions,
): Promise<Estimate[]> {
  const means = new Float64Array(samples.length);
  const statistics = (times: Float64Array) => {
    for (const [s, sample] of samples.entries()) {
      let sum = 0;
      for (let i = 0; i < numProblems; i++) sum += (times[i] as number) * (sample[i] as number);
      means[s] = sum / numProblems;
    }
    return means;
  };
  return bootstrap(numProblems, statistics, options);
}

/** In the order of the methods, points ascending in N. @throws as `bootstrap` */
export async function methodResults(
  accuracies: readonly AccuraciesAtN[],
  options: BootstrapOptions,
): Promise<MethodResult[]> {
  const { level = defaultBootstrap.level } = options;
  const results: MethodResult[] = (accuracies[0]?.methods ?? []).map(({ method }) => ({ method, points: [] }));
  for (const [k, { numCandidates, problemIds, methods }] of accuracies.entries()) {
    const numProblems = problemIds.length;
    const samples = methods.map((one) => one.accuracies);
    const onProgress = (done: number, total: number) =>
      options.onProgress?.(k * total + done, accuracies.length * total);
    const estimates = await meansOverProblems(samples, numProblems, { ...options, onProgress });
    for (const [i, { computation, accuracies: sums }] of methods.entries()) {
      const accuracy = widened(estimates[i] as Estimate, shareBounds({ sums }, level));
      results[i]?.points.push({ numCandidates, accuracy, computation, numProblems });
    }
  }
  return results;
}
