/** What `erprm merge` does. */
import type { Manifest } from "../../data/manifest.js";
import type { RunDescription } from "../../data/run-directory.js";
import { abortedError } from "../../policy/native-call.js";
import { mergedFiles, mergeFiles, sumCounts } from "../../shard/merge.js";
import { planMerge, type ShardRun, wholeIdentity } from "../../shard/merge-plan.js";
import { formatShard } from "../../shard/shard.js";
import type { mergeOptions } from "../commands/merge.js";
import { required } from "../policy-values.js";
import { Progress } from "../progress.js";
import { scoreSummaryJson, scoreSummaryText } from "../score/summary.js";
import type { Run } from "../stage-command.js";
import { summaryJson, summaryText } from "../summary.js";
import { note, withRun } from "../with-run.js";
import { recordTally } from "./record-tally.js";

/** The whole run, as far as the shards know it. */
function wholeRun(runs: readonly ShardRun[]): RunDescription {
  const { manifest } = runs[0] as ShardRun;
  const { inputs, ...identity } = wholeIdentity(manifest);
  const hashed = Object.entries(inputs).map(([name, sha256]) => [
    name,
    { sha256, path: manifest.inputPaths[name] ?? name },
  ]);
  return {
    ...identity,
    inputs: Object.fromEntries(hashed),
    freeOptions: manifest.freeOptions,
    build: manifest.build,
    outputs: mergedFiles(runs),
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function recorded({ path, shard, manifest }: ShardRun): NonNullable<Manifest["mergedFrom"]>[number] {
  const { build, startedAt, completedAt, counts, timings } = manifest;
  return {
    shard: formatShard(shard),
    path,
    build,
    startedAt,
    ...(completedAt !== undefined && { completedAt }),
    ...(counts && { counts }),
    ...(timings && { timings }),
  };
}

export const runMerge: Run<typeof mergeOptions> = async (values, { operands }, surroundings) => {
  const out = required("out", values.out, "the run directory of the whole");
  const { signal, stderr } = surroundings;
  const runs = await planMerge(operands);
  const description = wholeRun(runs);
  const others = runs.filter(({ manifest }) => !isSame(manifest.build, description.build));
  if (others[0]) {
    const named = `${formatShard(others[0].shard)} (${JSON.stringify(others[0].manifest.build)})`;
    const text = `${others.length} of ${runs.length} shards were made by another build than ${formatShard({ index: 0, of: runs.length })} (${JSON.stringify(description.build)}), the first of them ${named}: the last bits may differ from those of one machine`;
    note(text, values, surroundings);
  }
  const form =
    description.stage === "score"
      ? { text: scoreSummaryText, json: scoreSummaryJson }
      : { text: summaryText, json: summaryJson };
  await withRun(
    description,
    { ...values, out },
    surroundings,
    async (run) => {
      const startedAt = performance.now();
      const tally = await recordTally((runs[0] as ShardRun).manifest);
      if (tally.note !== undefined) note(tally.note, values, surroundings);
      const progress = new Progress({ title: "merge", unit: "records", quiet: values.quiet, stream: stderr });
      let done = 0;
      try {
        await mergeFiles(runs, run, (name, record) => {
          if (signal.aborted) throw abortedError(signal);
          tally.add(name, record);
          done += 1;
          progress.update(done);
        });
      } finally {
        progress.end();
      }
      const counts = { ...sumCounts(runs), shards: runs.length, ...tally.counts };
      const timings = { merge: (performance.now() - startedAt) / 1000 };
      return { counts, timings, mergedFrom: runs.map(recorded) };
    },
    form,
  );
};
