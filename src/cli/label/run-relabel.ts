/** `erprm label --from`: other labels from the counts of an earlier run. */
import { readLabels, solutionKey } from "../../data/read-solutions.js";
import { CountHistogram, fitPrior } from "../../labeling/fit-prior.js";
import { abortedError } from "../../policy/native-call.js";
import { labelNames } from "../../stages/label-names.js";
import { relabelStage } from "../../stages/relabel.js";
import type { Estimator, LabelRecord } from "../../types.js";
import { packageBuild } from "../package-build.js";
import { promptOrigin } from "../prompt-origin.js";
import type { Surroundings } from "../stage-command.js";
import { drop, take } from "../take.js";
import { LabelTally } from "../tally.js";
import { type RunValues, withRun } from "../with-run.js";
import { writing } from "../write-records.js";
import type { WantedEstimator } from "./options.js";

export interface RelabelValues extends RunValues {
  from: string;
  eta: readonly number[];
  limit: number | undefined;
  estimator: WantedEstimator;
}

/** With the prior that makes the counts of the file's measured prefixes most likely. */
async function fittedEstimator(path: string, limit: number | undefined): Promise<Estimator> {
  const histogram = new CountHistogram();
  for await (const { steps } of take(readLabels(path), limit)) {
    for (const step of steps) if (step.numCompletions > 0 && !step.terminal) histogram.add(step);
  }
  return { kind: "posterior", prior: fitPrior(histogram) };
}

export async function runRelabel(values: RelabelValues, surroundings: Surroundings): Promise<void> {
  const { from, eta, limit } = values;
  const { signal } = surroundings;
  // Handed on: whoever trains on these labels asks as the solutions were asked for.
  const prompt = (await promptOrigin(from))?.prompt;
  const estimator = values.estimator === "fitted" ? await fittedEstimator(from, limit) : values.estimator;
  const description = {
    stage: "label",
    options: {
      labels: labelNames(eta),
      limit,
      ...prompt,
      ...(estimator.kind === "plug-in" ? {} : { estimator }),
    },
    seed: 0,
    inputs: { labels: from },
    build: packageBuild(),
    outputs: ["labels.jsonl"],
  };
  await withRun(description, values, surroundings, async (run) => {
    const startedAt = performance.now();
    const appender = await run.appender<LabelRecord>("labels.jsonl", solutionKey);
    const tally = new LabelTally();
    const recordsBefore = appender.numRecords;
    const all = take(relabelStage(readLabels(from), { etas: eta, estimator }), limit);
    const left = drop(all, recordsBefore, (record) => tally.add(record));
    for await (const record of writing(left, appender)) {
      if (signal.aborted) throw abortedError(signal);
      tally.add(record);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return { counts: { ...tally.counts, recordsBefore }, timings: { total: seconds } };
  });
}
