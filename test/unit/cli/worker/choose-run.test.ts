import test from "ava";
import { chooseRun } from "../../../../src/cli/worker/choose-run.js";
import { announcementOf } from "../../../support/queue-run.js";

const build = { erprm: "0.1.0", kernels: "avx2" };
const run = (name: string, policy: string, ofBuild: Record<string, unknown> = build) =>
  announcementOf({ run: name.repeat(16), models: { policy }, build: ofBuild });
const wanted = { fingerprint: "model", build, run: undefined, anyBuild: false };

test("the first run of the worker's model is chosen, whatever else the server has", (t) => {
  t.is(chooseRun([run("a", "other"), run("b", "model"), run("c", "model")], wanted)?.run, "b".repeat(16));
  t.is(chooseRun([run("b", "model"), run("c", "model")], { ...wanted, run: "c".repeat(16) })?.run, "c".repeat(16));
});

test("no run, or not the one that was asked for, is something to wait for", (t) => {
  t.is(chooseRun([], wanted), undefined);
  t.is(chooseRun([run("a", "model")], { ...wanted, run: "b".repeat(16) }), undefined);
});

test("runs of other models alone are refused, naming them", (t) => {
  t.throws(() => chooseRun([run("a", "other")], wanted), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /a{16} \(policy other/,
  });
});

test("a run of another build is refused unless it is allowed, and one of this build comes first", (t) => {
  const other = run("a", "model", { ...build, kernels: "avx512" });
  t.throws(() => chooseRun([other], wanted), { code: "ERPRM_RUN_CONFLICT", message: /--any-build/ });
  t.is(chooseRun([other], { ...wanted, anyBuild: true })?.run, "a".repeat(16));
  t.is(chooseRun([other, run("b", "model")], { ...wanted, anyBuild: true })?.run, "b".repeat(16));
});
