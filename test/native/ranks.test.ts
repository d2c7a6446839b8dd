/** Updates of several processes, with the real trainer: the same on all of them, and the same as one process makes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { loadNative, packageRoot } from "../../src/native/loader.js";
import type { TrainingRecord, UpdateRecord } from "../../src/training/training-record.js";
import { runChildScript } from "../support/child-script.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { freePort, runRanks } from "../support/ranks.js";
import { type CliResult, runCli } from "../support/run-cli.js";
import { createTinyTrainer } from "../support/tiny-trainer.js";

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

test.serial("what is no group of ranks is refused by name, and so are places that no rank has", async (t) => {
  const trainer = await createTinyTrainer(t, join(folder, "model"));
  for (const group of [{}, null, { native: 1 }]) {
    const error = { message: /^Expected group to be a group of ranks, received/ };
    await t.throwsAsync(trainer.addGradients(group as never, 1), error);
    await t.throwsAsync(trainer.shareGradients(group as never), error);
    await t.throwsAsync(trainer.copyFromFirst(group as never), error);
  }
  const place = { rank: 0, size: 2, storeHost: "127.0.0.1", storePort: 1, storeIsThere: true, prefix: "", patience: 1 };
  const { joinRanks } = loadNative();
  await t.throwsAsync(joinRanks({ ...place, size: 1 }), { message: /^Expected options.size to be an integer from 2/ });
  await t.throwsAsync(joinRanks({ ...place, rank: 2 }), {
    message: /^Expected options.rank to be an integer from 0 to 1/,
  });
  await t.throwsAsync(joinRanks({ ...place, patience: 0 }), { message: /^Expected options.patience/ });
  await t.throwsAsync(joinRanks(place), { message: /MASTER_PORT 1: nothing answered there within 1 s/ });
});

test.serial("a group that was left, or closed, is of no use; leaving again is harmless", async (t) => {
  const port = await freePort();
  const script = (rank: number) => `
    const group = await loadAddon().joinRanks({ rank: ${rank}, size: 2, storeHost: "127.0.0.1", storePort: ${port},
      storeIsThere: false, prefix: "t", patience: 60 });
    const all = await group.exchange(Uint8Array.of(${rank}, 7));
    await group.${rank === 0 ? "close()" : 'leave("ERPRM_IO", "over")'};
    await group.close();
    const code = await group.exchange(Uint8Array.of(1)).catch((error) => error.code);
    process.stdout.write(JSON.stringify([all.map((bytes) => [...bytes]), code]));`;
  const results = await Promise.all([0, 1].map((rank) => runChildScript(script(rank))));
  for (const { code, stdout, stderr } of results) {
    t.is(code, 0, stderr);
    t.deepEqual(JSON.parse(stdout), [
      [
        [0, 7],
        [1, 7],
      ],
      "ERPRM_DISPOSED",
    ]);
  }
});

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
