/**
 * Tokens a second and peak memory of training (forward, backward, clipping, AdamW) against the same training in PyTorch with
 * transformers: same weights, same tokens an update. The losses of every update must agree before a number is printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { warnWhenBusy } from "./busy-machine.js";
import { interleave, median, type Row, type Run } from "./measure.js";
import { findPython } from "./python-peer.js";
import { type ShapeName, shapeNames, vocabularyOf, workOf, writeShape } from "./random-checkpoint.js";
import { type LengthKind, lengthKinds } from "./solution-lengths.js";
import { type TrainingWorkload, trainingUpdates } from "./training-workload.js";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    shapes: { type: "string", default: shapeNames.join(",") },
    lengths: { type: "string", default: lengthKinds.join(",") },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    updates: { type: "string" },
    sequences: { type: "string", default: "8" },
    "gradient-checkpointing": { type: "boolean", default: false },
  },
});
const chosenShapes = flags.shapes.split(",") as ShapeName[];
const chosenLengths = flags.lengths.split(",") as LengthKind[];
if (
  chosenShapes.some((name) => !shapeNames.includes(name)) ||
  chosenLengths.some((kind) => !lengthKinds.includes(kind))
) {
  console.error(
    `Usage: npm run bench training -- [--python PYTHON with transformers] [--shapes ${shapeNames}] [--lengths ${lengthKinds}] ` +
      "[--runs 5] [--threads 2] [--updates N, timed; 20 of tiny, 3 of smollm2-135m] [--sequences 8, an update] [--gradient-checkpointing]",
  );
  process.exit(2);
}

const python = findPython(flags.python);
const peers = join(packageRoot, "test", "bench", "peers");
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The rows' losses differ by rounding alone; over the updates it grows. */
const tolerance = 1e-4;

function expectSameLosses(row: Row, losses: number[], expected: number[]): void {
  for (const [update, loss] of losses.entries()) {
    const wanted = expected[update] as number;
    if (Math.abs(loss - wanted) <= tolerance * wanted) continue;
    throw new Error(`${row.name}: expected the loss ${wanted} of update ${update + 1}, received ${loss}`);
  }
}

async function measure(model: string, shape: ShapeName, lengths: LengthKind) {
  const numUpdates = Number(flags.updates ?? workOf[shape].updates);
  const workload: TrainingWorkload = {
    model,
    threads: Number(flags.threads),
    gradientCheckpointing: flags["gradient-checkpointing"],
    learningRate: 1e-4,
    weightDecay: 0.01,
    maxGradientNorm: 1,
    updates: trainingUpdates(lengths, vocabularyOf(shape), 1 + numUpdates, Number(flags.sequences)),
  };
  const file = join(folder, "workload.json");
  writeFileSync(file, JSON.stringify(workload));
  const ours = join(packageRoot, "dist", "test", "bench", "peers", "erprm-train.js");
  const rows: Row[] = [{ name: "erprm", command: ["node", ours, file] }];
  if (python) rows.push({ name: "transformers", command: [python, join(peers, "transformers-train.py"), file] });
  let expected: number[] | undefined;
  const results = await interleave(rows, Number(flags.runs), (row, run) => {
    expected ??= run.losses as number[];
    expectSameLosses(row, run.losses as number[], expected);
    console.error(
      `${shape}, ${lengths}, ${row.name}: ${run.seconds.toFixed(1)} s, others used ${(100 * run.othersShare).toFixed(0)} %`,
    );
  });
  return rows.map((row) => {
    const runs = results.get(row) as Run[];
    const rates = runs.map((run) => (run.tokens as number) / run.seconds);
    return {
      shape,
      lengths,
      name: row.name,
      runs: runs.length,
      tokensPerUpdate: (runs[0]?.tokens as number) / numUpdates,
      tokensPerSecond: median(rates),
      low: Math.min(...rates),
      high: Math.max(...rates),
      peakBytes: median(runs.map((run) => run.peakBytes)),
      othersShare: median(runs.map((run) => run.othersShare)),
    };
  });
}

const rows: Awaited<ReturnType<typeof measure>> = [];
for (const shape of chosenShapes) {
  const model = join(folder, shape);
  await writeShape(model, shape);
  for (const lengths of chosenLengths) rows.push(...(await measure(model, shape, lengths)));
  rmSync(model, { recursive: true });
}
const table = new Table({
  head: ["shape", "lengths", "trainer", "runs", "tokens/s", "lowest - highest", "peak MiB", "others"],
  style: { head: [], border: [] },
});
for (const row of rows) {
  table.push([
    row.shape,
    row.lengths,
    row.name,
    row.runs,
    row.tokensPerSecond.toFixed(0),
    `${row.low.toFixed(0)} - ${row.high.toFixed(0)}`,
    (row.peakBytes / 2 ** 20).toFixed(0),
    `${(100 * row.othersShare).toFixed(0)} %`,
  ]);
}
console.log(`${flags.sequences} sequences an update, ${flags.threads} threads`);
console.log(table.toString());
warnWhenBusy(rows);
console.log(JSON.stringify({ threads: Number(flags.threads), machine: cpus()[0]?.model, rows }));
