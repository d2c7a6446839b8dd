/** Runs on the accelerator that are killed and go on: what one that was not killed writes. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import test from "ava";
import { accelerator } from "../support/accelerator.js";
import { deviceStudy, onDevice } from "../support/device-run.js";
import { sameRecords } from "../support/near.js";
import { runCli, startCli } from "../support/run-cli.js";
import { trainingInputs } from "../support/training-inputs.js";
import { until } from "../support/until.js";

for (const [command, file, more] of [
  ["rollout", "solutions.jsonl", []],
  ["label", "labels.jsonl", ["--num-completions", "3", "--completion-max-tokens", "12", "--keep-completions"]],
] as const) {
  test(`${command} that was killed goes on, with another batch size, to the same tokens`, async (t) => {
    const { sampling, path } = await deviceStudy(t, 4);
    const args = (out: string, ...other: string[]) => [
      ...[command, ...sampling, ...onDevice, "--num-solutions", "2", "--max-tokens", "30", ...more],
      ...["--out", path(out), ...other],
    ];
    const whole = await runCli(args("whole"));
    t.is(whole.code, 0, whole.stderr);
    const running = startCli(args("killed", "--batch-size", "2"));
    await until(() => existsSync(path("killed", file)) && statSync(path("killed", file)).size > 0);
    running.kill("SIGKILL");
    t.is((await running.result).code, null, "it was killed before it ended");
    const { code, stderr } = await runCli(args("killed", "--batch-size", "3"));
    t.is(code, 0, stderr);
    const files = readdirSync(path("whole")).filter((name) => name.endsWith(".jsonl"));
    t.true(files.includes(file));
    for (const name of files) sameRecords(t, path("killed", name), path("whole", name));
  });
}

test("a training that was killed goes on to the same bytes", async (t) => {
  const { policy, path } = await deviceStudy(t, 1);
  writeFileSync(path("labels.jsonl"), trainingInputs(5)["labels.jsonl"]);
  const args = (out: string) => [
    ...["train", "prm", "--model", policy, "--labels", path("labels.jsonl"), "--out", path(out)],
    ...["--device", accelerator, "--dtype", "f32", "--threads", "1", "--tokens-per-update", "200"],
    ...["--max-updates", "6", "--checkpoint-every", "1", "--lora-rank", "2"],
  ];
  const whole = await runCli(args("whole"));
  t.is(whole.code, 0, whole.stderr);
  const running = startCli(args("killed"));
  const checkpoints = path("killed", "checkpoints");
  await until(() => existsSync(checkpoints) && readdirSync(checkpoints).includes("update-2"));
  running.kill("SIGKILL");
  t.is((await running.result).code, null, "it was killed before it ended");
  const { code, stderr } = await runCli(args("killed"));
  t.is(code, 0, stderr);
  for (const name of ["training.jsonl", "model.safetensors", "adapter/adapter_model.safetensors"]) {
    t.deepEqual(readFileSync(path("killed", name)), readFileSync(path("whole", name)), name);
  }
});
