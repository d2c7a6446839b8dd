/** `erprm label --from`: other labels from the counts of an earlier run. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { sha256OfFile } from "../../data/file-hash.js";
import { noRecords, readLabels } from "../../data/read-solutions.js";
import { ErprmError } from "../../errors.js";
import { CountHistogram, fitPrior } from "../../labeling/fit-prior.js";
import { abortedError } from "../../policy/native-call.js";
import { labelNames } from "../../stages/label-names.js";
import { relabelFile } from "../../stages/relabel-file.js";
import type { Estimator } from "../../types.js";
import { packageBuild } from "../package-build.js";
import { promptOrigin } from "../prompt-origin.js";
import type { Surroundings } from "../stage-command.js";
import { take } from "../take.js";
import { type RunValues, withRun } from "../with-run.js";
import type { WantedEstimator } from "./options.js";
import { knownHash, readCheckpoint, stampOf } from "./relabel-checkpoint.js";
import { checkpointFile, keysFile, RelabelFiles } from "./relabel-files.js";

export interface RelabelValues extends RunValues {
  from: string;
  eta: readonly number[];
  limit: number | undefined;
  threads: number | undefined;
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

/** As the counts of a run have them. */
function countsOf({ labels, inferredSteps, ...sums }: RelabelFiles["sums"], names: readonly string[]) {
  const means = names.map((name, i) => [`mean ${name}`, (labels[i] as number) / sums.completedSteps] as const);
  const shown = sums.completedSteps > 0 ? Object.fromEntries(means) : {};
  return { ...sums, ...(inferredSteps > 0 && { inferredSteps }), ...shown };
}

/** The reader that keeps an eye on every record says which of them come twice. */
async function failRepeated(from: string): Promise<never> {
  for await (const _ of readLabels(from));
  throw new ErprmError("ERPRM_INTERNAL", `Expected a record of ${from} to come twice, as its key did`, { path: from });
}

export async function runRelabel(values: RelabelValues, surroundings: Surroundings): Promise<void> {
  const { from, eta, limit, out, threads = availableParallelism() } = values;
  const { signal } = surroundings;
  const names = labelNames(eta);
  // Handed on: whoever trains on these labels asks as the solutions were asked for.
  const prompt = (await promptOrigin(from))?.prompt;
  const estimator = values.estimator === "fitted" ? await fittedEstimator(from, limit) : values.estimator;
  const checkpoint = await readCheckpoint(join(out, checkpointFile));
  const stamp = await stampOf(from);
  const input = { sha256: knownHash(checkpoint, stamp) ?? (await sha256OfFile(from)), ...stamp };
  const description = {
    stage: "label",
    options: {
      labels: names,
      limit,
      ...prompt,
      ...(estimator.kind === "plug-in" ? {} : { estimator }),
    },
    seed: 0,
    inputs: { labels: { path: from, sha256: input.sha256 } },
    build: packageBuild(),
    outputs: ["labels.jsonl", checkpointFile, keysFile],
    scaffolding: [checkpointFile, keysFile],
  };
  await withRun(description, values, surroundings, async (run) => {
    const startedAt = performance.now();
    const files = await RelabelFiles.open(
      run,
      input,
      names,
      run.resumed && limit === undefined ? checkpoint : undefined,
    );
    try {
      const recordsBefore = files.numRecords;
      const options = { etas: eta, estimator, threads, limit, from: files.read };
      for await (const block of relabelFile(from, options)) {
        if (!(await files.add(block))) await failRepeated(from);
        if (!signal.aborted) continue;
        await files.checkpoint();
        throw abortedError(signal);
      }
      if (files.numRecords === 0 && limit !== 0) throw noRecords(from);
      await files.finish();
      const seconds = (performance.now() - startedAt) / 1000;
      return { counts: { ...countsOf(files.sums, names), recordsBefore }, timings: { total: seconds } };
    } finally {
      await files.close();
    }
  });
}
