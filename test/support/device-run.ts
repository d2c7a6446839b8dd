/** Whole commands twice, on the processor and on the device of the accelerator's tests, with small random models. */
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { accelerator } from "./accelerator.js";
import { makeFolder } from "./folder.js";
import { writeTinyModel } from "./tiny-engine.js";
import { writeTinyConfig } from "./tiny-scoring.js";

/** So that what comes out is the processor's. */
export const onDevice = ["--device", accelerator, "--dtype", "f32"];

/** A policy, a reward model and `num` problems of a test's own. */
export async function deviceStudy(t: ExecutionContext, num: number) {
  const [policy, prm] = [await writeTinyModel(t), await writeTinyModel(t, 3)];
  await writeTinyConfig(prm);
  const problems = Array.from({ length: num }, (_, i) =>
    JSON.stringify({ id: `p${i}`, question: `${i} + ${i}?`, answer: String(2 * i) }),
  );
  const folder = makeFolder(t, { "p.jsonl": problems.join("\n") });
  const path = (...names: string[]) => join(folder, ...names);
  const prompt = ["--prompt-template", "Q: {question}\nA:", "--split", "tag:*"];
  const sampling = ["--policy", policy, "--problems", path("p.jsonl"), ...prompt, "--threads", "1"];
  return { policy, prm, prompt, path, sampling };
}
