/**
 * Compares the engine with transformers on one model: the same prompt, greedy tokens, and the logits at every position.
 *
 *   node scripts/compare-with-transformers.mjs MODEL [--python python3] [--tokens 128] [--prompt TEXT] [--weights f32,int8]
 *
 * MODEL is a directory in Hugging Face layout or a .gguf file; both sides work on the same dequantised weights. Needs a built
 * package, and a Python with torch, transformers, and for .gguf files gguf and accelerate. Exit code 1 when f32 weights give other tokens. The last line is JSON.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModel } from "../dist/src/model/open-model.js";
import { loadNative } from "../dist/src/native/loader.js";

const question =
  "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends every " +
  "day with four. She sells the remainder at the farmers' market daily for $2 per fresh duck egg. How much in dollars does " +
  "she make every day at the farmers' market?";

function makeReference(model, { python, prompt, tokens }) {
  const folder = mkdtempSync(join(tmpdir(), "erprm-compare-"));
  try {
    const script = join(dirname(fileURLToPath(import.meta.url)), "compare-with-transformers.py");
    const run = spawnSync(python, [script, model, prompt, tokens, folder], { stdio: ["ignore", "inherit", "inherit"] });
    if (run.status !== 0)
      throw new Error(`${python} ${script} failed: ${run.error?.message ?? `exit code ${run.status}`}`);
    const logits = readFileSync(join(folder, "logits.f32"));
    return {
      ...JSON.parse(readFileSync(join(folder, "reference.json"), "utf8")),
      logits: new Float32Array(logits.buffer, logits.byteOffset, logits.length / 4),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Greedy tokens after the reference's prompt; never stops early. */
async function greedyTokens(policy, { promptIds, greedyIds }) {
  const { values } = await policy.rollout({
    id: 1,
    trunk: Int32Array.from(promptIds),
    prefixLengths: Int32Array.of(promptIds.length),
    numCompletions: Int32Array.of(1),
    solutionIndices: Int32Array.of(0),
    stepIndices: Int32Array.of(0),
    firstCompletions: Int32Array.of(0),
    seed: 0n,
    problemKey: 0n,
    temperature: 0,
    topK: 0,
    topP: 1,
    minP: 0,
    maxTokens: greedyIds.length,
    stopTokens: new Int32Array(0),
    stopBytes: new Uint8Array(0),
    stopBytesOffsets: Int32Array.of(0),
  });
  return values;
}

async function compare(checkpoint, weights, reference) {
  const policy = await loadNative().loadPolicy(checkpoint, {
    weights,
    threads: 2,
    maxBatch: 4,
    kvMemoryBytes: 512 * 2 ** 20,
    prefillChunk: 256,
  });
  try {
    const ids = Int32Array.from([...reference.promptIds, ...reference.greedyIds]);
    const logits = await policy.logits(ids, Int32Array.of(0, ids.length));
    if (logits.length !== reference.logits.length) {
      throw new Error(`expected ${reference.logits.length} logits, received ${logits.length}`);
    }
    let largest = 0;
    let sumOfSquares = 0;
    for (let index = 0; index < logits.length; index++) {
      const difference = Math.abs(logits[index] - reference.logits[index]);
      // A NaN is the largest difference there is.
      if (!(difference <= largest)) largest = difference;
      sumOfSquares += difference * difference;
    }
    const tokens = await greedyTokens(policy, reference);
    const differs = reference.greedyIds.findIndex((id, index) => tokens[index] !== id);
    const sameTokens = differs === -1 ? reference.greedyIds.length : differs;
    return {
      weights,
      sameTokens,
      ofTokens: reference.greedyIds.length,
      ...(differs === -1 ? {} : { referenceMarginThere: reference.margins[differs] }),
      largestLogitDifference: largest,
      rmsLogitDifference: Math.sqrt(sumOfSquares / logits.length),
    };
  } finally {
    await policy.dispose();
  }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    tokens: { type: "string", default: "128" },
    prompt: { type: "string", default: question },
    weights: { type: "string", default: "f32,int8" },
  },
});
const [model] = positionals;
if (!model || positionals.length !== 1) {
  process.stderr.write(
    "Usage: node scripts/compare-with-transformers.mjs MODEL [--python PYTHON] [--tokens N] [--prompt TEXT]\n",
  );
  process.exit(2);
}
const { checkpoint } = await openModel(model);
const reference = makeReference(model, options);
process.stdout.write(
  `transformers ${reference.transformers}, torch ${reference.torch}: ${reference.promptIds.length} prompt tokens, ` +
    `${reference.greedyIds.length} greedy tokens, smallest top-2 margin ${Math.min(...reference.margins).toFixed(4)}\n`,
);
const results = [];
for (const weights of options.weights.split(",")) {
  const result = await compare(checkpoint, weights, reference);
  results.push(result);
  process.stdout.write(
    `${weights}: ${result.sameTokens} of ${result.ofTokens} greedy tokens are the same; logits differ by at most ` +
      `${result.largestLogitDifference.toExponential(2)} (root mean square ${result.rmsLogitDifference.toExponential(2)})\n`,
  );
}
const { transformers, torch, promptIds, margins } = reference;
const smallestMargin = Math.min(...margins);
process.stdout.write(
  `${JSON.stringify({ transformers, torch, promptTokens: promptIds.length, smallestMargin, results })}\n`,
);
if (results.some(({ weights, sameTokens, ofTokens }) => weights === "f32" && sameTokens < ofTokens))
  process.exitCode = 1;
