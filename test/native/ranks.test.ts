/** Updates of several processes, with the real trainer: the same on all of them, and the same as one process makes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { packageRoot } from "../../src/native/loader.js";
import type { TrainingRecord, UpdateRecord } from "../../src/training/training-record.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { runRanks } from "../support/ranks.js";
import { type CliResult, runCli } from "../support/run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
const program = join(packageRoot, "dist/test/support/rank-program.js");
test.before(() => writeRandomModel(join(folder, "model"), parityModels.llama as RandomModel, 1));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  digest: string;
  records: TrainingRecord[];
}

function outcomeOf({ code, stdout, stderr }: CliResult): Outcome {
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Outcome;
}

const numbersIn = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer);

/** Norm of the difference over the norm. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, whole] = [0, 0];
  for (let i = 0; i < a.length; i += 1) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    whole += (a[i] as number) ** 2;
  }
  return Math.sqrt(difference / whole);
}

for (const kind of ["policy", "prm"]) {
  for (const loraRank of ["0", "2"]) {
    const what = `${kind}, ${loraRank === "0" ? "all weights" : "adapters"}`;
    test.serial(`ten updates of two and of three processes: the same bits on every rank (${what})`, async (t) => {
      const fileOf = (name: string) => join(folder, `${kind}-${loraRank}-${name}`);
      const args = (file: string) => [join(folder, "model"), kind, loraRank, file];
      const one = outcomeOf(await runCli(args(fileOf("one")), { program }));
      const ranksOf = async (size: number) => {
        const argsOf = (rank: number) => args(fileOf(`${rank}-of-${size}`));
        return (await runRanks(size, [], { program, argsOf })).map(outcomeOf);
      };
      const all = [...(await ranksOf(2)), ...(await ranksOf(3))];
      t.is(all.length, 5);
      t.deepEqual([...new Set(all.map(({ digest }) => digest))], [all[0]?.digest]);
      for (const { records } of all) t.deepEqual(records, all[0]?.records as TrainingRecord[]);

      // One process adds micro-batches up in another order: the same but for rounding.
      t.is(one.records.length, 10);
      const wanted = numbersIn(fileOf("one"));
      t.true(distance(wanted, numbersIn(fileOf("0-of-2"))) < 1e-6);
      for (const [i, record] of one.records.entries()) {
        const { loss, gradientNorm, ...rest } = record as UpdateRecord;
        const other = all[0]?.records[i] as UpdateRecord;
        t.like(other, rest);
        t.true(Math.abs(other.loss - loss) < 1e-6 * loss);
        t.true(Math.abs(other.gradientNorm - gradientNorm) < 1e-5 * gradientNorm);
      }
    });
  }
}
