/** The rollout engine through the addon: what it computes once, and what its bits do not depend on. */
import { readdirSync } from "node:fs";
import test from "ava";
import { openModel } from "../../src/model/open-model.js";
import type { NativePolicy, NativeRolloutResult } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { blockBytes, loadTiny, makeRequest, vocabularySize, writeTinyModel } from "../support/tiny-engine.js";

const nested = [
  { prefixLength: 20, numCompletions: 3 },
  { prefixLength: 70, numCompletions: 5 },
  { prefixLength: 130, numCompletions: 2 },
];

/** A workload of several problems with nested prefixes, all submitted at once. */
function runWorkload(policy: NativePolicy, order: number[] = [0, 1, 2, 3]): Promise<Map<number, NativeRolloutResult>> {
  const results = order.map(
    async (problem) => [problem, await policy.rollout(makeRequest(problem, 130, nested))] as const,
  );
  return Promise.all(results).then((entries) => new Map(entries));
}

function bytesOf(results: Map<number, NativeRolloutResult>): string {
  return [...results]
    .sort(([a], [b]) => a - b)
    .flatMap(([, r]) => [r.values, r.offsets, r.logProbabilities, r.finishReasons])
    .map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex"))
    .join(" ");
}

test("a trunk is computed once, whatever hangs on it", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  await policy.rollout(makeRequest(1, 130, nested));
  const stats = policy.stats();
  t.is(stats.promptTokens, 130);
  t.is(stats.completions, 10);
  t.is(stats.recomputedTokens, 0);
});

for (const weights of ["f32", "int8"] as const) {
  test(`${weights}: bits do not depend on batch size, threads, chunk size, memory or order`, async (t) => {
    const directory = await writeTinyModel(t);
    const wanted = bytesOf(await runWorkload(await loadTiny(t, directory, { weights })));
    const variants = [
      { maxBatch: 1 },
      { maxBatch: 3, threads: 2 },
      { maxBatch: 64, threads: 2 },
      { prefillChunk: 1 },
      { prefillChunk: 500, maxBatch: 64 },
    ];
    for (const variant of variants) {
      const policy = await loadTiny(t, directory, { weights, ...variant });
      t.is(bytesOf(await runWorkload(policy)), wanted, JSON.stringify(variant));
    }
    const policy = await loadTiny(t, directory, { weights });
    t.is(bytesOf(await runWorkload(policy, [3, 1, 0, 2])), wanted, "another order");
    const alone = await policy.rollout(
      makeRequest(2, 130, [{ prefixLength: 70, numCompletions: 1, stepIndex: 1, firstCompletion: 4 }]),
    );
    const company = (await runWorkload(policy)).get(2) as NativeRolloutResult;
    t.deepEqual(alone.values, company.values.slice(company.offsets[7], company.offsets[8]), "one completion alone");
  });
}

test("the memory budget is never exceeded, and work thrown away for it is computed again to the same bits", async (t) => {
  const directory = await writeTinyModel(t);
  const policy = await loadTiny(t, directory, { maxBatch: 64, kvMemoryBytes: 5 * blockBytes });
  const request = (problem: number) =>
    makeRequest(problem, 60, [{ prefixLength: 60, numCompletions: 6 }], {
      maxTokens: 150,
      stopTokens: new Int32Array(0),
    });
  const scarce = new Map(await Promise.all([0, 1, 2].map(async (p) => [p, await policy.rollout(request(p))] as const)));
  const stats = policy.stats();
  t.true(stats.kvBytesPeak <= 5 * blockBytes, `${stats.kvBytesPeak} bytes`);
  t.true(stats.recomputedTokens > 0);
  t.is(stats.kvBytes, 0);
  const ample = await loadTiny(t, directory);
  t.is(
    bytesOf(scarce),
    bytesOf(new Map(await Promise.all([0, 1, 2].map(async (p) => [p, await ample.rollout(request(p))] as const)))),
  );
});

test("a request that the memory cannot hold even alone is refused with the bytes it needs", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t), { kvMemoryBytes: 2 * blockBytes });
  const error = await t.throwsAsync(policy.rollout(makeRequest(1, 130, nested)));
  t.like(error, { code: "ERPRM_OUT_OF_MEMORY" });
  t.regex(String(error?.message), /trunk of 130 tokens/);
});

test("log-probabilities of sampled tokens are those of the sequence scored as a whole", async (t) => {
  for (const weights of ["f32", "int8"] as const) {
    const policy = await loadTiny(t, await writeTinyModel(t), { weights });
    const request = makeRequest(5, 80, [{ prefixLength: 80, numCompletions: 2 }], { temperature: 0.7, topP: 0.9 });
    const { values, offsets, logProbabilities } = await policy.rollout(request);
    for (const c of [0, 1]) {
      const tokens = values.slice(offsets[c], offsets[c + 1]);
      const sequence = Int32Array.from([...request.trunk, ...tokens]);
      const scored = await policy.logProbabilities(sequence, Int32Array.of(0, sequence.length), 0.7);
      t.is(scored[0], 0);
      // Not bit for bit: blocks of keys begin at the prefix's end in one case, at the sequence's start in the other.
      const tolerance = weights === "f32" ? 1e-5 : 1e-2;
      const sampled = logProbabilities.slice(offsets[c], offsets[c + 1]);
      t.is(scored.length, 80 + sampled.length);
      sampled.forEach((value, i) => {
        t.true(Math.abs(value - (scored[80 + i] as number)) < tolerance, `${weights} token ${i}`);
      });
    }
  }
});

test("int8 weights keep the logits within three percent of f32 (relative L2)", async (t) => {
  const directory = await writeTinyModel(t);
  const [exact, rounded] = [await loadTiny(t, directory), await loadTiny(t, directory, { weights: "int8" })];
  const tokens = makeRequest(3, 100, nested).trunk;
  const offsets = Int32Array.of(0, tokens.length);
  const [a, b] = [await exact.logits(tokens, offsets), await rounded.logits(tokens, offsets)];
  t.is(a.length, 100 * vocabularySize);
  const norm = (values: Float32Array) => Math.hypot(...Array.from(values));
  const relative = norm(a.map((value, i) => value - (b[i] as number))) / norm(a);
  t.true(relative > 0 && relative < 0.03, `${relative}`);
});

test("draws follow the model: frequencies of first tokens match the softmax of the logits", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const request = makeRequest(9, 30, [{ prefixLength: 30, numCompletions: 4000 }], { maxTokens: 1 });
  const { values } = await policy.rollout(request);
  const logits = (await policy.logits(request.trunk, Int32Array.of(0, 30))).slice(29 * vocabularySize);
  const weights = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const total = weights.reduce((a, b) => a + b, 0);
  const counts = new Map<number, number>();
  for (const token of values) counts.set(token, (counts.get(token) ?? 0) + 1);
  let chiSquare = 0;
  let bins = 0;
  let [restExpected, restSeen] = [0, 0];
  for (let token = 0; token < vocabularySize; token++) {
    const expected = (4000 * (weights[token] as number)) / total;
    const seen = counts.get(token) ?? 0;
    if (expected < 5) {
      restExpected += expected;
      restSeen += seen;
      continue;
    }
    chiSquare += (seen - expected) ** 2 / expected;
    bins++;
  }
  if (restExpected > 0) chiSquare += (restSeen - restExpected) ** 2 / restExpected;
  // Mean `bins`, variance 2 `bins`; the seed is fixed, so this is not a matter of luck.
  t.true(chiSquare < bins + 4 * Math.sqrt(2 * bins), `${chiSquare} for ${bins} bins`);
});

test("a completion ends with a stop token, with a stop string, at the token limit, or where the context ends", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const prefix = [{ prefixLength: 10, numCompletions: 1 }];
  const free = await policy.rollout(makeRequest(1, 10, prefix, { stopTokens: new Int32Array(0), maxTokens: 30 }));
  t.is(free.values.length, 30);
  t.is(free.finishReasons[0], 1);

  const stopToken = free.values[12] as number;
  const end = free.values.indexOf(stopToken) + 1;
  const stopped = await policy.rollout(
    makeRequest(1, 10, prefix, { stopTokens: Int32Array.of(stopToken), maxTokens: 30 }),
  );
  t.deepEqual([stopped.values.length, stopped.finishReasons[0]], [end, 0]);

  await t.throwsAsync(
    policy.rollout(makeRequest(1, 10, prefix, { stopBytes: Uint8Array.of(1), stopBytesOffsets: Int32Array.of(0, 1) })),
    {
      message: /token bytes/,
    },
  );
  // Every token is two bytes long here, so a stop string can begin and end inside a token.
  t.throws(() => policy.setTokenBytes(Uint8Array.of(1), Int32Array.of(0, 1)), { message: /288 tokens, received 1/ });
  policy.setTokenBytes(
    Uint8Array.from({ length: vocabularySize * 2 }, (_, i) => (i % 2 === 0 ? i >> 9 : (i >> 1) & 255)),
    Int32Array.from({ length: vocabularySize + 1 }, (_, i) => i * 2),
  );
  const pair = [free.values[4] as number, free.values[5] as number];
  const stopBytes = Uint8Array.of((pair[0] as number) & 255, (pair[1] as number) >> 8);
  const matched = await policy.rollout(
    makeRequest(1, 10, prefix, {
      stopTokens: new Int32Array(0),
      stopBytes,
      stopBytesOffsets: Int32Array.of(0, 2),
      maxTokens: 30,
    }),
  );
  t.is(matched.finishReasons[0], 0);
  t.true(matched.values.length <= 6 && matched.values.length >= 2);
  t.deepEqual(matched.values, free.values.slice(0, matched.values.length));

  const full = await policy.rollout(
    makeRequest(1, 250, [{ prefixLength: 250, numCompletions: 1 }], { stopTokens: new Int32Array(0) }),
  );
  t.deepEqual([full.values.length, full.finishReasons[0]], [6, 1]);
  await t.throwsAsync(policy.rollout(makeRequest(1, 256, [{ prefixLength: 256, numCompletions: 1 }])), {
    message: /context/,
  });
});

test("a cancelled request is rejected at once and the others go on to the same bits", async (t) => {
  const directory = await writeTinyModel(t);
  const policy = await loadTiny(t, directory);
  const long = makeRequest(1, 60, [{ prefixLength: 60, numCompletions: 400 }], {
    stopTokens: new Int32Array(0),
    maxTokens: 190,
  });
  const cancelled = policy.rollout(long);
  const kept = policy.rollout(makeRequest(2, 60, [{ prefixLength: 60, numCompletions: 8 }]));
  await new Promise((resolve) => setTimeout(resolve, 30));
  policy.cancel(long.id);
  t.like(await t.throwsAsync(cancelled), { code: "ERPRM_ABORTED" });
  t.true(policy.stats().completions < 400, "the rejection came before the work was done");
  const alone = await loadTiny(t, directory);
  t.deepEqual(await kept, await alone.rollout(makeRequest(2, 60, [{ prefixLength: 60, numCompletions: 8 }])));
  t.is(policy.stats().kvBytes, 0);
});

/** Finite weights, but a sequence with a token from 257 on overflows: to infinite scores of the first layer. */
const overflowsFrom = 257;
function overflowing(name: string, values: Float32Array, [rows, columns]: readonly number[]): void {
  const fill = (value: (row: number) => number) => {
    for (let row = 0; row < (rows as number); row++) values[row * (columns as number)] = value(row);
  };
  if (name === "model.embed_tokens.weight") fill((token) => (token < overflowsFrom ? 0 : 1));
  if (/layers\.0\..*[qk]_proj/.test(name)) fill(() => 1e25);
}

for (const weights of ["f32", "int8"] as const) {
  test(`${weights}: a request that overflows fails by itself, however many of its completions run`, async (t) => {
    const directory = await writeTinyModel(t, 1, overflowing);
    // These end before a token that overflows is read again.
    const stopTokens = Int32Array.from({ length: vocabularySize - overflowsFrom }, (_, i) => overflowsFrom + i);
    const good = () => makeRequest(2, 70, [{ prefixLength: 70, numCompletions: 8 }], { stopTokens });
    const wanted = await (await loadTiny(t, directory, { weights })).rollout(good());

    // More completions than logits are held at a time; no spare memory, so that blocks are used again.
    const policy = await loadTiny(t, directory, { weights, maxBatch: 300, kvMemoryBytes: 400 * blockBytes });
    const bad = makeRequest(1, 60, [{ prefixLength: 60, numCompletions: 300 }], { stopTokens: new Int32Array(0) });
    const failure = t.throwsAsync(policy.rollout(bad));
    const company = policy.rollout(good());
    t.like(await failure, { code: "ERPRM_NUMERICAL" });
    t.deepEqual(await company, wanted);
    t.deepEqual(await policy.rollout(good()), wanted);
    t.is(policy.stats().kvBytes, 0);
  });
}

// Serial: the threads counted are those of the whole process.
test.serial("a policy that was disposed of leaves no threads behind", async (t) => {
  const directory = await writeTinyModel(t);
  const { checkpoint } = await openModel(directory);
  const numThreads = async () => {
    const options = { weights: "f32", threads: 8, maxBatch: 8, kvMemoryBytes: 1 << 20, prefillChunk: 64 } as const;
    const policy = await loadNative().loadPolicy(checkpoint, options);
    await policy.dispose();
    await policy.dispose(); // settles after what the first one left to do
    return readdirSync("/proc/self/task").length;
  };
  const first = await numThreads();
  for (let i = 0; i < 4; i++) t.true((await numThreads()) <= first + 3);
});

test("dispose waits for work in flight; afterwards every call is ERPRM_DISPOSED", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const pending = policy.rollout(makeRequest(1, 60, [{ prefixLength: 60, numCompletions: 8 }]));
  await policy.dispose();
  t.is((await pending).finishReasons.length, 8);
  await t.throwsAsync(policy.rollout(makeRequest(1, 60, [{ prefixLength: 60, numCompletions: 8 }])), {
    message: /disposed/,
  });
  await t.throwsAsync(policy.logits(Int32Array.of(1), Int32Array.of(0, 1)), { message: /disposed/ });
  await t.notThrowsAsync(policy.dispose());
});

test("requests that make no sense are refused by name", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const prefix = [{ prefixLength: 10, numCompletions: 1 }];
  const cases: [Parameters<typeof makeRequest>[3], RegExp][] = [
    [{ temperature: -1 }, /temperature/],
    [{ temperature: Number.NaN }, /temperature/],
    [{ temperature: 1e39 }, /temperature/],
    [{ numCompletions: Int32Array.of(2 ** 30) }, /2147483647 tokens together/],
    [{ topP: 1.5 }, /topP/],
    [{ maxTokens: 0 }, /maxTokens/],
    [{ trunk: Int32Array.of(1, vocabularySize) }, /trunk\[1\]/],
    [{ trunk: new Int32Array(0) }, /trunk/],
    [{ prefixLengths: Int32Array.of(11) }, /prefixLengths\[0\]/],
    [{ numCompletions: Int32Array.of(0) }, /numCompletions\[0\]/],
    [{ numCompletions: Int32Array.of(1, 1) }, /numCompletions/],
    [{ seed: -1n }, /seed/],
  ];
  for (const [change, message] of cases) {
    const error = await t.throwsAsync(policy.rollout(makeRequest(1, 10, prefix, change)), { message });
    t.like(error, { code: "ERPRM_INVALID_ARGUMENT" });
  }
});
