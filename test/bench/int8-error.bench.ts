/**
 * How far the logits of int8 weights are from those of f32 weights, on the tokens of a worked solution, and beside it those of
 * llama.cpp's weights: --model MODEL [--node-llama-cpp FOLDER it is installed in, for a MODEL.gguf].
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { WeightType } from "../../src/native/contract.js";
import { openPolicyFiles } from "../../src/policy/open-policy.js";
import { buildLlamaCpp, makeLlamaCppWeights } from "./llama-cpp.js";
import { type LogitError, logitError } from "./logit-error.js";
import { textPrompts } from "./prompts.js";

const { values: flags } = parseArgs({ options: { model: { type: "string" }, "node-llama-cpp": { type: "string" } } });
if (!flags.model) {
  console.error("Usage: npm run bench int8-error -- --model MODEL [--node-llama-cpp FOLDER]");
  process.exit(2);
}
const threads = 2;
const { addon, checkpoint, text } = await openPolicyFiles(flags.model, {});
const ids = Int32Array.from(textPrompts(text).solution(0, 8).tokens);
const { vocabularySize } = checkpoint.config;

/** [tokens, vocabulary] */
async function logitsOf(weights: WeightType): Promise<Float32Array> {
  const options = { weights, threads, maxBatch: 8, kvMemoryBytes: 2 ** 30, prefillChunk: 256 };
  const policy = await addon.loadPolicy(checkpoint, options);
  const logits = await policy.logits(ids, Int32Array.of(0, ids.length));
  await policy.dispose();
  return logits;
}

const exact = await logitsOf("f32");

/** By llama.cpp's types. */
function llamaCppErrors(model: string, folder: string): Record<string, LogitError> {
  const work = mkdtempSync(join(tmpdir(), "erprm-bench-"));
  try {
    const llamaCpp = buildLlamaCpp(folder, work);
    const [pieces, out] = [join(work, "pieces.json"), join(work, "logits.f32")];
    writeFileSync(pieces, JSON.stringify([[...ids]]));
    const [program, libraries] = llamaCpp.driver;
    const errors = Object.entries(makeLlamaCppWeights(llamaCpp, model, work, threads)).map(([type, path]) => {
      const args = [libraries, "logits", path, pieces, String(threads), out];
      execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
      const { buffer, byteOffset, byteLength } = readFileSync(out);
      return [type, logitError(exact, new Float32Array(buffer, byteOffset, byteLength / 4), vocabularySize)] as const;
    });
    return Object.fromEntries(errors);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const int8 = logitError(exact, await logitsOf("int8"), vocabularySize);
const folder = flags["node-llama-cpp"];
const llamaCpp = folder === undefined ? undefined : llamaCppErrors(flags.model, folder);
console.log(JSON.stringify({ kernels: addon.buildInfo.kernels, tokens: ids.length, ...int8, llamaCpp }));
