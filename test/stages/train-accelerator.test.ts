/** erprm train on the accelerator: whole commands follow the CPU's, in f32 to rounding and in bf16 within its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import { accelerator } from "../support/accelerator.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { runCli } from "../support/run-cli.js";
import { trainingInputs } from "../support/training-inputs.js";

const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
const path = (...names: string[]) => join(folder, ...names);
const { config, ...rest } = parityModels.llama as RandomModel;
const model: RandomModel = { ...rest, config: { ...config, num_hidden_layers: 2, max_position_embeddings: 512 } };

test.before(async () => {
  await writeRandomModel(path("model"), model, 1);
  for (const [name, content] of Object.entries(trainingInputs(6))) writeFileSync(path(name), content);
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** The loss of every update of a run. */
async function lossesOf(
  t: ExecutionContext,
  kind: "policy" | "prm",
  out: string,
  ...more: string[]
): Promise<number[]> {
  const inputs = kind === "policy" ? ["--problems", path("problems.jsonl")] : ["--labels", path("labels.jsonl")];
  const common = ["--threads", "1", "--tokens-per-update", "200", "--max-updates", "4", "--learning-rate", "1e-4"];
  const args = ["train", kind, "--model", path("model"), ...inputs, "--out", path(out), ...common, ...more];
  const { code, stderr } = await runCli(args);
  t.is(code, 0, stderr);
  const lines = readFileSync(path(out, "training.jsonl"), "utf8").trimEnd().split("\n");
  const records: { kind: string; loss: number }[] = lines.map((line) => JSON.parse(line));
  return records.filter((record) => record.kind === "update").map(({ loss }) => loss);
}

function follows(t: ExecutionContext, actual: number[], expected: number[], within: number): void {
  t.is(actual.length, expected.length);
  for (const [i, loss] of expected.entries()) {
    t.true(
      Math.abs((actual[i] as number) - loss) <= within * loss,
      `${actual.join(" ")} against ${expected.join(" ")}`,
    );
  }
}

test.serial("a process reward model in f32, as on the CPU", async (t) => {
  const expected = await lossesOf(t, "prm", "host");
  const actual = await lossesOf(t, "prm", "device", "--device", accelerator);
  follows(t, actual, expected, 1e-3);
  await openModel(path("device"));
});

test.serial("a policy in bf16 with checkpointing, within bf16's rounding of the CPU's f32", async (t) => {
  const expected = await lossesOf(t, "policy", "policy-host");
  const options = ["--device", accelerator, "--dtype", "bf16", "--gradient-checkpointing"];
  const actual = await lossesOf(t, "policy", "policy-device", ...options);
  follows(t, actual, expected, 0.02);
});

test.serial("adapters in f32, as on the CPU, with a checkpoint after each update", async (t) => {
  const adapters = ["--lora-rank", "4"];
  const expected = await lossesOf(t, "prm", "adapters-host", ...adapters);
  const device = [...adapters, "--device", accelerator, "--checkpoint-every", "1"];
  follows(t, await lossesOf(t, "prm", "adapters-device", ...device), expected, 1e-3);
});
