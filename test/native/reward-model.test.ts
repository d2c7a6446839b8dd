/** Native scoring against transformers on small random models; the goldens are made by scripts/make-scoring-goldens.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import { loadNative, packageRoot } from "../../src/native/loader.js";
import { makeFolder } from "../support/folder.js";
import { writeGgufModel } from "../support/gguf-model.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { type ScoringModel, scoringModels } from "../support/scoring-models.js";
import { blockBytes, loadTiny, writeTinyModel } from "../support/tiny-engine.js";
import {
  loadRewardModel,
  makeSequence,
  pack,
  type WantedScores,
  writeScoringModel,
} from "../support/tiny-reward-model.js";

interface Golden {
  seed: number;
  sequences: (WantedScores & { scores: number[][] })[];
}

function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(join(packageRoot, `test/fixtures/scoring/${name}.json`), "utf8"));
}

/** NaN counts as infinitely far. */
function largestDifference(a: Float32Array, b: ArrayLike<number>): number {
  return a.reduce((largest, value, i) => {
    const difference = Math.abs(value - (b[i] as number));
    return Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }, 0);
}

for (const [name, { candidates }] of Object.entries(scoringModels)) {
  test(`${name}: packed scores are within 1e-4 of transformers, int8 close to them`, async (t) => {
    const { seed, sequences } = readGolden(name);
    const directory = await writeScoringModel(t, name, seed);
    const wanted = sequences.flatMap(({ scores }) => scores.flat());
    const options = { candidates: Int32Array.from(candidates), threads: 2 };
    const f32 = await (await loadRewardModel(t, directory, options)).score(...pack(sequences));
    t.is(f32.length, wanted.length);
    t.true(largestDifference(f32, wanted) < 1e-4, `${largestDifference(f32, wanted)}`);
    const rounded = await loadRewardModel(t, directory, { ...options, weights: "int8" });
    const int8 = await rounded.score(...pack(sequences));
    const largest = largestDifference(int8, wanted);
    t.true(largest > 1e-4 && largest < 0.4, `${largest}`);
  });
}

test("a GGUF file gives the scores of the directory", async (t) => {
  const { seed, sequences } = readGolden("llama-tied-candidates");
  const { candidates, ...model } = scoringModels["llama-tied-candidates"] as ScoringModel;
  const path = join(makeFolder(t), "model.gguf");
  await writeGgufModel(path, model, seed);
  const rewardModel = await loadRewardModel(t, path, { candidates: Int32Array.from(candidates) });
  const scores = await rewardModel.score(...pack(sequences));
  t.true(
    largestDifference(
      scores,
      sequences.flatMap(({ scores }) => scores.flat()),
    ) < 1e-4,
  );
});

test("candidate scores are the policy's logits of these tokens, bit for bit, in a sequence of several chunks too", async (t) => {
  const llama = parityModels.llama as RandomModel;
  const directory = makeFolder(t);
  await writeRandomModel(directory, { ...llama, config: { ...llama.config, max_position_embeddings: 4096 } }, 3);
  const long = makeSequence(1, 1, 2500);
  const batch = pack([makeSequence(2, 1, 40), { ids: long.ids, positions: [0, 63, 64, 1023, 1024, 2047, 2048, 2499] }]);
  const candidates = Int32Array.of(45, 43, 287);
  const scores = await (await loadRewardModel(t, directory, { candidates })).score(...batch);
  const policy = await loadTiny(t, directory);
  const logits = await policy.logits(batch[0], batch[1]);
  const expected = [...batch[2]].flatMap((at) => [...candidates].map((token) => logits[at * 288 + token]));
  t.deepEqual([...scores], expected);
});

const crowd = [
  makeSequence(1, 1, 200),
  makeSequence(2, 1, 5),
  makeSequence(1, 2, 256),
  makeSequence(1, 3, 130),
  makeSequence(3, 1, 64),
  makeSequence(1, 1, 200),
  makeSequence(1, 1, 128),
  makeSequence(3, 2, 199),
  makeSequence(4, 1, 250),
  makeSequence(2, 2, 256),
];

async function scoreAlone(t: ExecutionContext, directory: string, options: Parameters<typeof loadRewardModel>[2]) {
  const rewardModel = await loadRewardModel(t, directory, options);
  const scores: number[] = [];
  for (const sequence of crowd) scores.push(...(await rewardModel.score(...pack([sequence]))));
  return scores;
}

for (const weights of ["f32", "int8"] as const) {
  for (const name of ["qwen2-process-reward-model", "llama-candidates"]) {
    test(`${weights} ${name}: a score does not depend on company, threads or memory, bit for bit`, async (t) => {
      const directory = await writeScoringModel(t, name);
      const candidates = Int32Array.from(scoringModels[name]?.candidates ?? []);
      const alone = await scoreAlone(t, directory, { weights, candidates });
      t.true(alone.every(Number.isFinite));
      for (const threads of [1, 3]) {
        // The longest sequences take four blocks: with five the call runs in many parts.
        for (const numBlocks of [4, 5, 9, 1000]) {
          const options = { weights, candidates, threads, kvMemoryBytes: numBlocks * blockBytes };
          const rewardModel = await loadRewardModel(t, directory, options);
          t.deepEqual([...(await rewardModel.score(...pack(crowd)))], alone, `${threads} threads, ${numBlocks} blocks`);
        }
      }
    });
  }
}

test("a score depends on the tokens up to its position alone", async (t) => {
  const directory = await writeScoringModel(t, "llama-token-classification");
  const rewardModel = await loadRewardModel(t, directory);
  const { ids } = makeSequence(1, 1, 200);
  const positions = [70, 128];
  const scores = await rewardModel.score(...pack([{ ids, positions }]));
  const changed = ids.map((id, i) => (i > 128 ? 255 - id : id));
  t.deepEqual(await rewardModel.score(...pack([{ ids: changed, positions }])), scores);
  const earlier = ids.map((id, i) => (i === 3 ? id ^ 1 : id));
  const others = await rewardModel.score(...pack([{ ids: earlier, positions }]));
  t.true(others.every((score, i) => score !== scores[i]));
});

test("sequences without positions, empty sequences and an empty call cost nothing and change nothing", async (t) => {
  const directory = await writeScoringModel(t, "qwen3-token-classification");
  const rewardModel = await loadRewardModel(t, directory);
  const wanted = makeSequence(1, 1, 90);
  const silent = { ids: makeSequence(2, 1, 100).ids, positions: [] };
  const empty = { ids: [], positions: [] };
  const scores = await rewardModel.score(...pack([wanted]));
  t.is(scores.length, 3 * 3);
  t.deepEqual(await rewardModel.score(...pack([empty, silent, wanted, empty, silent])), scores);
  t.is((await rewardModel.score(...pack([silent]))).length, 0);
  t.is((await rewardModel.score(...pack([]))).length, 0);
});

test("views into larger arrays are read where they begin", async (t) => {
  const rewardModel = await loadRewardModel(t, await writeScoringModel(t, "llama-token-classification"));
  const batch = pack([makeSequence(1, 1, 40)]);
  const shifted = batch.map((array) => Int32Array.from([999, ...array, 999]).subarray(1, array.length + 1));
  const scores = await rewardModel.score(...(shifted as typeof batch));
  t.deepEqual(scores, await rewardModel.score(...batch));
});

test("calls that make no sense are refused by name and leave the model as it was", async (t) => {
  const rewardModel = await loadRewardModel(t, await writeScoringModel(t, "llama-token-classification"));
  const good = pack([makeSequence(1, 1, 40), makeSequence(2, 1, 30)]);
  const scores = await rewardModel.score(...good);
  const [values, offsets, positions] = good;
  const ints = (...numbers: number[]) => Int32Array.from(numbers);
  const tooLong = new Int32Array(257);
  const cases: [unknown[], RegExp][] = [
    [[values, offsets, ints(3, 3)], /positions to be ascending.*received 3 as positions\[1\] after 3/],
    [[values, offsets, ints(9, 2)], /ascending indices of the 70 values, received 2/],
    [[values, offsets, ints(70)], /ascending indices of the 70 values, received 70/],
    [[values, offsets, ints(-1)], /ascending indices of the 70 values, received -1/],
    [[values, ints(0, 40, 69), positions], /offsets\[2\] to be 70/],
    [[values, ints(0, 41, 40, 70), positions], /offsets\[2\] to be at least 41/],
    [[values, ints(), positions], /offsets to have at least one entry/],
    [[ints(1, 288), ints(0, 2), ints(1)], /tokens from 0 to 287 in sequence 0, received 288/],
    [[ints(1, -1), ints(0, 1, 2), ints(1)], /in sequence 1, received -1/],
    [[tooLong, ints(0, 257), ints(1)], /sequence 0 to have at most 256 tokens, received 257/],
    [[[...values], offsets, positions], /values to be an? Int32Array/],
    [[values, Float32Array.from(offsets), positions], /offsets to be an? Int32Array/],
    [[values, offsets], /positions to be an? Int32Array/],
  ];
  for (const [call, message] of cases) {
    const error = await t.throwsAsync(rewardModel.score(...(call as typeof good)), { message });
    t.like(error, { code: "ERPRM_INVALID_ARGUMENT" });
  }
  t.deepEqual(await rewardModel.score(...good), scores);
});

test("a sequence that the memory cannot hold is refused, naming it; shorter ones go on", async (t) => {
  const directory = await writeScoringModel(t, "llama-token-classification");
  const rewardModel = await loadRewardModel(t, directory, { kvMemoryBytes: 2 * blockBytes });
  const short = makeSequence(1, 1, 128);
  const error = await t.throwsAsync(rewardModel.score(...pack([short, makeSequence(2, 1, 129)])), {
    message: /hold sequence 1 of 129 tokens/,
  });
  t.like(error, { code: "ERPRM_OUT_OF_MEMORY", details: { requestedBytes: 3 * blockBytes } });
  t.is((await rewardModel.score(...pack([short]))).length, 3 * 2);
  // Only the tokens up to the last wanted position take memory.
  t.is((await rewardModel.score(...pack([{ ids: makeSequence(2, 1, 256).ids, positions: [127] }]))).length, 2);
  await t.throwsAsync(loadRewardModel(t, directory, { kvMemoryBytes: blockBytes }), { message: /at least 2 blocks/ });
});

test("options that do not fit the checkpoint are refused by name", async (t) => {
  const head = await writeScoringModel(t, "llama-token-classification");
  const causal = await writeTinyModel(t);
  const refused = async (directory: string, options: object, message: RegExp) => {
    const error = await t.throwsAsync(loadRewardModel(t, directory, options), { message });
    t.like(error, { code: "ERPRM_INVALID_ARGUMENT" });
  };
  await refused(head, { candidates: Int32Array.of(1) }, /candidates to be empty .* value head, received 1/);
  await refused(causal, {}, /candidates to hold one token or more/);
  await refused(causal, { candidates: Int32Array.of(1, 288) }, /candidates to be tokens from 0 to 287, received 288/);
  await refused(causal, { candidates: Int32Array.of(-1) }, /received -1/);
  await refused(causal, { candidates: [1, 2] }, /options\.candidates/);
  await refused(head, { weights: "f16" }, /options\.weights to be f32 or int8, received f16/);
  await refused(head, { threads: 0 }, /options\.threads/);
  await refused(head, { kvMemoryBytes: 0 }, /options\.kvMemoryBytes/);
  const { checkpoint } = await openModel(head);
  const policyOptions = { weights: "f32", threads: 1, maxBatch: 1, kvMemoryBytes: 1 << 20, prefillChunk: 16 } as const;
  await t.throwsAsync(loadNative().loadPolicy(checkpoint, policyOptions), {
    message: /value head: it is a reward model/,
  });
});

test("a head that is missing or not finite is an error that names the tensor", async (t) => {
  const poison = (name: string, values: Float32Array) => {
    if (name === "score.2.bias") values[1] = Number.NaN;
  };
  const directory = await writeScoringModel(t, "qwen2-process-reward-model", 1, poison);
  const error = await t.throwsAsync(loadRewardModel(t, directory), { message: /score\.2\.bias .*NaN at index 1/ });
  t.like(error, { code: "ERPRM_INVALID_CHECKPOINT" });
  const { checkpoint } = await openModel(await writeScoringModel(t, "llama-token-classification"));
  const tensors = checkpoint.tensors.filter(({ name }) => name !== "score.weight");
  const options = { weights: "f32", threads: 1, kvMemoryBytes: 1 << 20, candidates: new Int32Array(0) } as const;
  await t.throwsAsync(loadNative().loadRewardModel({ ...checkpoint, tensors }, options), {
    message: /hold tensor score\.weight, found none/,
  });
});

test("a score that is not finite is an error that names sequence and token, through the ReLU of a value head too", async (t) => {
  // Hidden states are 0 but for token 257, where one output of the first layer overflows to -infinity.
  const change = (name: string, values: Float32Array, [, width]: readonly number[]) => {
    if (/_proj\.weight$|embed_tokens/.test(name)) values.fill(0);
    if (name === "model.embed_tokens.weight") values.fill(1, 257 * (width as number), 258 * (width as number));
    if (name === "score.0.weight") values.fill(-3e38, 0, width);
  };
  const directory = await writeScoringModel(t, "qwen2-process-reward-model", 1, change);
  const rewardModel = await loadRewardModel(t, directory);
  const error = await t.throwsAsync(
    rewardModel.score(
      ...pack([
        { ids: [], positions: [] },
        { ids: [1, 2, 257], positions: [2] },
      ]),
    ),
    { message: /finite scores, .* at token 2 of sequence 1/ },
  );
  t.like(error, { code: "ERPRM_NUMERICAL", details: { sequence: 1, token: 2 } });
  t.true((await rewardModel.score(...pack([{ ids: [1, 2, 3], positions: [2] }]))).every(Number.isFinite));
});
