import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { RunLock } from "../../../src/data/run-lock.js";
import { makeFolder } from "../../support/folder.js";
import { until } from "../../support/until.js";

const quick = { beatMs: 20, silenceMs: 1500 };
/** No pid is as high. */
const nobody = 2 ** 22 + 1;

/** A lock as a process of another container wrote it, which has this host's name. */
async function lockOfAnotherContainer(t: ExecutionContext): Promise<string> {
  const path = join(makeFolder(t, {}), "lock");
  const lock = await RunLock.acquire(path);
  const holder = JSON.parse(readFileSync(path, "utf8"));
  await lock.release();
  t.false(existsSync(path));
  writeFileSync(path, JSON.stringify({ ...holder, pid: nobody, pidNamespace: "pid:[1]" }));
  return path;
}

const linuxTest = process.platform === "linux" ? test : test.skip;

test("who holds a lock touches it again and again", async (t) => {
  const path = join(makeFolder(t, {}), "lock");
  const lock = await RunLock.acquire(path, quick);
  for (let i = 0; i < 2; i += 1) {
    const { mtimeMs } = statSync(path);
    await until(() => statSync(path).mtimeMs !== mtimeMs);
  }
  await lock.release();
  t.false(existsSync(path));
});

linuxTest("a lock of another container of this host's name is respected while it is touched", async (t) => {
  const path = await lockOfAnotherContainer(t);
  let times = 0;
  const touching = setInterval(() => {
    times += 1;
    // A clock that is far behind is as good.
    utimesSync(path, times, times);
  }, 20);
  const error = await t.throwsAsync(RunLock.acquire(path, quick), { code: "ERPRM_RUN_CONFLICT" });
  clearInterval(touching);
  t.regex(error?.message ?? "", /in another container that is called .*remove /);
  t.true(existsSync(path));
});

linuxTest("one that is not touched any more is taken over, by one of many that try at once", async (t) => {
  const path = await lockOfAnotherContainer(t);
  const attempts = await Promise.allSettled(Array.from({ length: 4 }, () => RunLock.acquire(path, quick)));
  const locks = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  t.is(locks.length, 1);
  t.is(JSON.parse(readFileSync(path, "utf8")).pid, process.pid);
  await locks[0]?.release();
  t.false(existsSync(path));
});
