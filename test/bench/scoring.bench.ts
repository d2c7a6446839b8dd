/**
 * Solutions and tokens a second of scoring all steps of ragged solutions with two candidate tokens, against transformers with
 * padded batches: same weights, same solutions. The scores must agree before a number is printed; int8 is said apart.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { packageRoot } from "../../src/native/loader.js";
import { warnWhenBusy } from "./busy-machine.js";
import { largestDifference } from "./largest-difference.js";
import { interleave, median, type Row, type Run } from "./measure.js";
import { findPython } from "./python-peer.js";
import { type ShapeName, shapeNames, vocabularyOf, workOf, writeShape } from "./random-checkpoint.js";
import { type ScoringWorkload, solutionsToScore } from "./scoring-workload.js";
import { type LengthKind, lengthKinds } from "./solution-lengths.js";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    shapes: { type: "string", default: shapeNames.join(",") },
    lengths: { type: "string", default: lengthKinds.join(",") },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    solutions: { type: "string" },
    batch: { type: "string", default: "8" },
    "batch-tokens": { type: "string", default: "2048" },
  },
});
const chosenShapes = flags.shapes.split(",") as ShapeName[];
const chosenLengths = flags.lengths.split(",") as LengthKind[];
if (
  chosenShapes.some((name) => !shapeNames.includes(name)) ||
  chosenLengths.some((kind) => !lengthKinds.includes(kind))
) {
  console.error(
    `Usage: npm run bench scoring -- [--python PYTHON with transformers] [--shapes ${shapeNames}] [--lengths ${lengthKinds}] ` +
      "[--runs 5] [--threads 2] [--solutions N; 512 of tiny, 64 of smollm2-135m] [--batch 8, of the peer] [--batch-tokens 2048, of ours]",
  );
  process.exit(2);
}

const python = findPython(flags.python);
const peers = join(packageRoot, "test", "bench", "peers");
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Of scores in f32. */
const tolerance = 1e-5;

async function measure(model: string, shape: ShapeName, lengths: LengthKind) {
  const workload: ScoringWorkload = {
    model,
    threads: Number(flags.threads),
    candidates: [11, 7],
    solutions: solutionsToScore(lengths, vocabularyOf(shape), Number(flags.solutions ?? workOf[shape].solutions)),
    batchSize: Number(flags.batch),
    batchTokens: Number(flags["batch-tokens"]),
  };
  const file = join(folder, "workload.json");
  writeFileSync(file, JSON.stringify(workload));
  const ours = join(packageRoot, "dist", "test", "bench", "peers", "erprm-score.js");
  const rows: Row[] = [
    { name: "erprm f32", command: ["node", ours, file, "f32"] },
    { name: "erprm int8", command: ["node", ours, file, "int8"] },
  ];
  if (python) rows.push({ name: "transformers f32", command: [python, join(peers, "transformers-score.py"), file] });
  let expected: number[] | undefined;
  const distances = new Map<Row, number>();
  const results = await interleave(rows, Number(flags.runs), (row, run) => {
    expected ??= run.scores as number[];
    const difference = largestDifference(run.scores as number[], expected);
    distances.set(row, Math.max(difference, distances.get(row) ?? 0));
    if (row.name.endsWith("f32") && difference > tolerance) {
      throw new Error(`${row.name}: a score differs by ${difference} from that of ${rows[0]?.name}`);
    }
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
      solutions: workload.solutions.length,
      runs: runs.length,
      solutionsPerSecond: median(runs.map((run) => workload.solutions.length / run.seconds)),
      tokensPerSecond: median(rates),
      low: Math.min(...rates),
      high: Math.max(...rates),
      peakBytes: median(runs.map((run) => run.peakBytes)),
      largestDifference: distances.get(row) as number,
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
  head: [
    "shape",
    "lengths",
    "engine",
    "solutions",
    "runs",
    "solutions/s",
    "tokens/s",
    "lowest - highest",
    "peak MiB",
    "scores differ by",
    "others",
  ],
  style: { head: [], border: [] },
});
for (const row of rows) {
  table.push([
    row.shape,
    row.lengths,
    row.name,
    row.solutions,
    row.runs,
    row.solutionsPerSecond.toFixed(1),
    row.tokensPerSecond.toFixed(0),
    `${row.low.toFixed(0)} - ${row.high.toFixed(0)}`,
    (row.peakBytes / 2 ** 20).toFixed(0),
    row.largestDifference.toExponential(1),
    `${(100 * row.othersShare).toFixed(0)} %`,
  ]);
}
console.log(`${flags.threads} threads`);
console.log(table.toString());
warnWhenBusy(rows);
console.log(JSON.stringify({ threads: Number(flags.threads), machine: cpus()[0]?.model, rows }));
