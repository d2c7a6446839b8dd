/** The commands that use several models, or choose as they go, on the accelerator in f32: what they write on the processor. */
import { readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import { deviceStudy, onDevice } from "../support/device-run.js";
import { near, recordsOf, sameRecords } from "../support/near.js";
import { runCli } from "../support/run-cli.js";
import { tinySolutions } from "../support/tiny-scoring.js";

test("label with as many completions as a tolerance asks for", async (t) => {
  const { sampling, path } = await deviceStudy(t, 1);
  const lengths = ["--num-solutions", "2", "--max-tokens", "60", "--completion-max-tokens", "10"];
  const adaptive = ["--tolerance", "0.25", "--min-completions", "2", "--max-completions", "6", "--keep-completions"];
  for (const [out, device] of [
    ["host", []],
    ["device", onDevice],
  ] as const) {
    const { code, stderr } = await runCli([
      "label",
      ...sampling,
      ...lengths,
      ...adaptive,
      ...device,
      "--out",
      path(out),
    ]);
    t.is(code, 0, stderr);
  }
  t.true(recordsOf(path("host", "completions.jsonl")).length > 0);
  for (const name of ["solutions.jsonl", "labels.jsonl", "completions.jsonl"]) {
    sameRecords(t, path("device", name), path("host", name));
  }
});

test("evaluate", async (t) => {
  const { prm, path } = await deviceStudy(t, 1);
  const solutions = tinySolutions.slice(0, 8).map((solution, i) => ({
    ...solution,
    ...{ answer: "4", finalAnswer: String(4 + (i % 3)), outcome: i % 3 === 0 ? 1 : 0 },
  }));
  writeFileSync(path("s.jsonl"), solutions.map((solution) => JSON.stringify(solution)).join("\n"));
  for (const [out, device] of [
    ["host", []],
    ["device", onDevice],
  ] as const) {
    const args = ["--solutions", path("s.jsonl"), "--reward-model", `prm=${prm}`, "--num-bootstrap", "50"];
    const { code, stderr } = await runCli(["evaluate", ...args, "--threads", "1", ...device, "--out", path(out)]);
    t.is(code, 0, stderr);
  }
  sameRecords(t, path("device", "scores-prm.jsonl"), path("host", "scores-prm.jsonl"));
  const read = (out: string) => JSON.parse(readFileSync(path(out, "evaluation.json"), "utf8"));
  t.true(near(read("device").methods, read("host").methods));
});

test("a round of finetune: sampled, scored, trained and measured", async (t) => {
  const { sampling, prm, path } = await deviceStudy(t, 3);
  const small = ["--num-rounds", "1", "--num-solutions", "2", "--max-tokens", "30", "--divergence-solutions", "1"];
  // Random bytes would go on to the length limit, and nothing that was cut off is trained on.
  const ends = ["--stop", "0", "--stop", "1", "--stop", "a", "--stop", "e"];
  const training = [...ends, "--epochs", "1", "--tokens-per-update", "60", "--held-out", "0.34"];
  for (const [out, device] of [
    ["host", []],
    ["device", [...onDevice, "--reward-dtype", "f32", "--train-dtype", "f32"]],
  ] as const) {
    const models = ["finetune", ...sampling, "--reward-model", prm];
    const { code, stderr } = await runCli([...models, ...small, ...training, ...device, "--out", path(out)]);
    t.is(code, 0, stderr);
  }
  const read = (out: string) => JSON.parse(readFileSync(path(out, "finetune.json"), "utf8"));
  t.true(read("host").rounds[0].training.updates > 0);
  const { policy: name, ...host } = read("host").rounds[0];
  const { policy: other, ...device } = read("device").rounds[0];
  t.deepEqual(other.accuracy, name.accuracy);
  t.true(near(device.rollout, host.rollout));
  t.true(Math.abs(name.divergence.value - other.divergence.value) < 1e-3);
  sameRecords(t, path("device", "round-1", "sampled.jsonl"), path("host", "round-1", "sampled.jsonl"));
});
