import test from "ava";
import { findShard, unaskedShard } from "../../../src/shard/environment.js";

const array = (id: number, min: number, max: number, count = max - min + 1) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_MAX: String(max),
  SLURM_ARRAY_TASK_COUNT: String(count),
});
const step = (rank: number, of: number) => ({ SLURM_PROCID: String(rank), SLURM_STEP_NUM_TASKS: String(of) });

test("i/n is taken as it stands, whatever the environment says", (t) => {
  t.deepEqual(findShard("1/4", array(0, 0, 7)), { shard: { index: 1, of: 4 } });
});

test("auto reads a Slurm array from 0 and from 1, and says where it read", (t) => {
  const fromZero = findShard("auto", array(3, 0, 7));
  t.deepEqual(fromZero.shard, { index: 3, of: 8 });
  t.is(fromZero.source, "SLURM_ARRAY_TASK_ID=3 of 0 to 7");
  t.deepEqual(findShard("auto", array(8, 1, 8)).shard, { index: 7, of: 8 });
});

test("tasks of an array that run again are not taken for a small array of their own", (t) => {
  for (const rerun of [array(3, 3, 5, 2), array(4, 0, 4, 2), array(5, 5, 5)]) {
    t.throws(() => findShard("auto", rerun), { code: "ERPRM_INVALID_ARGUMENT", message: /say how many there were/ });
  }
  t.deepEqual(findShard("auto/8", array(5, 3, 5, 2)).shard, { index: 5, of: 8 });
});

test("auto reads the rank of a Slurm step, and within an array the two together", (t) => {
  t.deepEqual(findShard("auto", step(1, 4)).shard, { index: 1, of: 4 });
  const all = [0, 1, 2].flatMap((id) =>
    [0, 1].map((rank) => findShard("auto", { ...array(id, 0, 2), ...step(rank, 2) })),
  );
  t.deepEqual(
    all.map(({ shard }) => shard),
    [0, 1, 2, 3, 4, 5].map((index) => ({ index, of: 6 })),
  );
});

test("the rank of a batch script, which is one process, divides nothing", (t) => {
  t.throws(() => findShard("auto", { SLURM_PROCID: "0", SLURM_NTASKS: "4" }), { code: "ERPRM_INVALID_ARGUMENT" });
});

test("an indexed Kubernetes job says its index, and has to be told the number", (t) => {
  t.deepEqual(findShard("auto/5", { JOB_COMPLETION_INDEX: "4" }).shard, { index: 4, of: 5 });
  t.throws(() => findShard("auto", { JOB_COMPLETION_INDEX: "4" }), { message: /auto\/N/ });
  t.throws(() => findShard("auto/4", { JOB_COMPLETION_INDEX: "4" }), { message: /from 0 to 3/ });
});

test("torchrun's variables are not read, and nothing to read is an error that says what was looked for", (t) => {
  const error = t.throws(() => findShard("auto", { RANK: "1", WORLD_SIZE: "2" }), { code: "ERPRM_INVALID_ARGUMENT" });
  t.regex(error?.message ?? "", /SLURM_ARRAY_TASK_ID.*JOB_COMPLETION_INDEX/);
});

test("two schedulers at once and numbers that are none are refused", (t) => {
  t.throws(() => findShard("auto/8", { ...array(1, 0, 7), JOB_COMPLETION_INDEX: "2" }), { message: /several/ });
  t.throws(() => findShard("auto/8", { ...array(1, 0, 7), ...step(0, 2) }), { message: /several/ });
  t.throws(() => findShard("auto/8", { JOB_COMPLETION_INDEX: "two" }), { message: /whole number/ });
  for (const text of ["auto/0", "auto/", "automatic", "auto/100001"]) {
    t.throws(() => findShard(text, { JOB_COMPLETION_INDEX: "0" }), { code: "ERPRM_INVALID_ARGUMENT" }, text);
  }
});

test("a process of several that did not ask for a shard is told, one that is alone is not", (t) => {
  t.regex(unaskedShard(array(0, 0, 3)) ?? "", /--shard auto divides it/);
  t.regex(unaskedShard(step(0, 2)) ?? "", /Slurm step/);
  t.regex(unaskedShard({ JOB_COMPLETION_INDEX: "0" }) ?? "", /--shard auto\/N/);
  for (const alone of [{}, array(0, 0, 0), step(0, 1), { RANK: "0", WORLD_SIZE: "8" }])
    t.is(unaskedShard(alone), undefined);
});
