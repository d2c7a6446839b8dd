/** `erprm train prm` with a fake trainer on small inputs, as calls of the command line. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { packageRoot } from "../../src/native/loader.js";
import { makeFolder } from "./folder.js";
import { parityModels } from "./parity-models.js";
import { type RandomModel, writeRandomModel } from "./random-model.js";
import { runCli } from "./run-cli.js";
import { trainingInputs } from "./training-inputs.js";
import { withOptions } from "./with-options.js";

export const trainProgram = join(packageRoot, "dist/test/support/fake-train-cli.js");

/** Inputs of 20 problems and a model in a folder of the test's own. */
export async function makeInputs(t: ExecutionContext) {
  const folder = makeFolder(t, { ...trainingInputs(20) });
  const { config, ...rest } = parityModels.llama as RandomModel;
  const longer = { ...rest, config: { ...config, max_position_embeddings: 1024 } };
  await writeRandomModel(join(folder, "model"), longer, 1);
  const path = (name: string) => join(folder, name);
  const words = (out: string) => [
    ...["train", "prm", "--model", path("model"), "--labels", path("labels.jsonl"), "--out", path(out)],
    ...["--held-out", "0.2", "--evaluate-every", "4", "--tokens-per-update", "600", "--loss", "binary"],
  ];
  const args = (out: string, ...more: string[]) => withOptions(words(out), more);
  const run = (out: string, more: string[] = [], env: NodeJS.ProcessEnv = {}) =>
    runCli(args(out, ...more), { program: trainProgram, env });
  /** What a training leaves that does not depend on times. */
  const files = (out: string) =>
    ["training.jsonl", "model.safetensors", "config.json", "reward_model.json"].map((name) =>
      existsSync(join(path(out), name)) ? readFileSync(join(path(out), name), "latin1") : undefined,
    );
  return { path, args, run, files };
}
