/** Tokens handed out while the engine decodes: what the listener is given, and what it must not change. */
import test from "ava";
import type { NativeFreshTokens, NativePolicy, NativeRolloutRequest } from "../../src/native/contract.js";
import { blockBytes, loadTiny, makeRequest, vocabularySize, writeTinyModel } from "../support/tiny-engine.js";
import { until } from "../support/until.js";

const prefixes = [
  { prefixLength: 20, numCompletions: 3 },
  { prefixLength: 60, numCompletions: 4 },
];

/** The result as the listener was told it: tokens, log-probabilities and finish reason by row. */
class Heard {
  calls = 0;
  readonly tokens: number[][];
  readonly logProbabilities: number[][];
  readonly finishReasons: number[] = [];

  constructor(numRows: number) {
    this.tokens = Array.from({ length: numRows }, () => []);
    this.logProbabilities = Array.from({ length: numRows }, () => []);
  }

  readonly listen = ({ rows, tokens, logProbabilities, endings }: NativeFreshTokens) => {
    this.calls += 1;
    for (const [i, row] of rows.entries()) {
      if (this.finishReasons[row] !== undefined) throw new Error(`row ${row} goes on after its end`);
      this.tokens[row]?.push(tokens[i] as number);
      this.logProbabilities[row]?.push(logProbabilities[i] as number);
      if (endings[i] !== 0) this.finishReasons[row] = (endings[i] as number) - 1;
    }
  };
}

async function rollOutBothWays(policy: NativePolicy, make: () => NativeRolloutRequest) {
  const heard = new Heard(7);
  const told = await policy.rollout({ ...make(), onTokens: heard.listen });
  return { heard, told, quiet: await policy.rollout(make()) };
}

test("what the listener is given, put together, is the result, which is the one without a listener", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  for (const problem of [1, 2, 3]) {
    const { heard, told, quiet } = await rollOutBothWays(policy, () => makeRequest(problem, 60, prefixes));
    t.deepEqual(told, quiet);
    t.deepEqual(heard.tokens.flat(), [...told.values]);
    t.deepEqual(heard.logProbabilities.flat(), [...told.logProbabilities]);
    t.deepEqual(heard.finishReasons, [...told.finishReasons]);
    t.deepEqual(
      heard.tokens.map((tokens) => tokens.length),
      Array.from(told.finishReasons, (_, c) => (told.offsets[c + 1] as number) - (told.offsets[c] as number)),
    );
  }
});

test("tokens come while the engine goes on, not at the end", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const request = makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 1 }], {
    maxTokens: 200,
    stopTokens: new Int32Array(0),
  });
  const sizes: number[] = [];
  let settled = false;
  const result = policy
    .rollout({
      ...request,
      onTokens: ({ tokens }) => {
        t.false(settled);
        sizes.push(tokens.length);
      },
    })
    .finally(() => {
      settled = true;
    });
  await until(() => sizes.length > 0);
  t.is((await result).values.length, 200);
  t.is(
    sizes.reduce((sum, size) => sum + size, 0),
    200,
  );
  // The first token costs no forward pass, so the first iteration may bring two; the others bring one each.
  t.true(Math.max(...sizes) <= 2, sizes.join(" "));
});

test("a token is told once, however often its completion loses its memory and is computed again", async (t) => {
  const directory = await writeTinyModel(t);
  const scarce = await loadTiny(t, directory, { maxBatch: 64, kvMemoryBytes: 5 * blockBytes });
  const make = (problem: number) =>
    makeRequest(problem, 60, [{ prefixLength: 60, numCompletions: 6 }], {
      maxTokens: 150,
      stopTokens: new Int32Array(0),
    });
  const all = await Promise.all(
    [0, 1, 2].map(async (problem) => {
      const heard = new Heard(6);
      return { heard, result: await scarce.rollout({ ...make(problem), onTokens: heard.listen }) };
    }),
  );
  t.true(scarce.stats().recomputedTokens > 0);
  for (const { heard, result } of all) t.deepEqual(heard.tokens.flat(), [...result.values]);
});

test("a cancelled request is told nothing more", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const request = makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 4 }], {
    maxTokens: 200,
    stopTokens: new Int32Array(0),
  });
  let calls = 0;
  const result = policy.rollout({
    ...request,
    onTokens: () => {
      calls += 1;
      if (calls === 3) policy.cancel(request.id);
    },
  });
  await t.throwsAsync(result, { code: "ERPRM_ABORTED" });
  const atEnd = calls;
  await policy.rollout(makeRequest(2, 20, [{ prefixLength: 20, numCompletions: 1 }]));
  t.is(calls, atEnd);
  t.is(policy.stats().kvBytes, 0);
});

test("a listener that throws ends its own request and no other", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const long = { maxTokens: 200, stopTokens: new Int32Array(0) };
  const thrown = new Error("the listener is broken");
  const broken = policy.rollout({
    ...makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 4 }], long),
    onTokens: () => {
      throw thrown;
    },
  });
  const heard = new Heard(2);
  const whole = policy.rollout({
    ...makeRequest(2, 20, [{ prefixLength: 20, numCompletions: 2 }], long),
    onTokens: heard.listen,
  });
  t.is(await t.throwsAsync(broken), thrown);
  t.is((await whole).values.length, 400);
  t.is(heard.tokens.flat().length, 400);
  t.true(policy.stats().completions < 6, "the broken request was cancelled");
});

/** ln softmax(logits / temperature). */
function logSoftmax(logits: Float32Array, temperature: number): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const most = Math.max(...scaled);
  const sum = scaled.reduce((total, value) => total + Math.exp(value - most), 0);
  return scaled.map((value) => value - most - Math.log(sum));
}

for (const temperature of [0, 0.7, 1]) {
  test(`temperature ${temperature}: the alternatives are the most probable tokens of the logits, and change no draw`, async (t) => {
    const policy = await loadTiny(t, await writeTinyModel(t));
    const make = () =>
      makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 2 }], { temperature, maxTokens: 12, topK: 3 });
    const fresh: NativeFreshTokens[] = [];
    const told = await policy.rollout({ ...make(), numAlternatives: 5, onTokens: (tokens) => fresh.push(tokens) });
    t.deepEqual(told, await policy.rollout(make()));
    for (const row of [0, 1]) {
      const tokens = told.values.slice(told.offsets[row], told.offsets[row + 1]);
      const sequence = Int32Array.from([...make().trunk, ...tokens]);
      const logits = await policy.logits(sequence, Int32Array.of(0, sequence.length));
      let index = 0;
      for (const { rows, alternatives, alternativeLogProbabilities } of fresh) {
        for (const [i, other] of rows.entries()) {
          if (other !== row) continue;
          const at = (19 + index) * vocabularySize;
          const wanted = logSoftmax(logits.subarray(at, at + vocabularySize), temperature || 1);
          const best = wanted.map((_, token) => token).sort((a, b) => (wanted[b] as number) - (wanted[a] as number));
          t.deepEqual([...alternatives.subarray(5 * i, 5 * i + 5)], best.slice(0, 5));
          for (let k = 0; k < 5; k += 1) {
            const difference =
              (alternativeLogProbabilities[5 * i + k] as number) - (wanted[best[k] as number] as number);
            t.true(Math.abs(difference) < 5e-5, `${difference}`);
          }
          index += 1;
        }
      }
      t.is(index, tokens.length);
    }
  });
}

test("a listener must be a function", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const request = { ...makeRequest(1, 20, prefixes.slice(0, 1)), onTokens: 1 as never };
  await t.throwsAsync(policy.rollout(request), { message: /request\.onTokens to be a function/ });
});

test("a stream of other calls does not keep the engine from decoding", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t));
  const tokens = Int32Array.from({ length: 200 }, (_, i) => i);
  let settled = false;
  let calls = 0;
  // Four calls are under way at any time: the device thread always finds the next one waiting.
  const keepBusy = async () => {
    while (!settled && calls < 20_000) {
      calls += 1;
      await policy.logProbabilities(tokens, Int32Array.of(0, 200), 1);
    }
  };
  const busy = Array.from({ length: 4 }, keepBusy);
  const request = makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 1 }], { maxTokens: 30 });
  const { values } = await policy.rollout(request);
  settled = true;
  await Promise.all(busy);
  t.true(values.length > 0);
  t.true(calls < 1000, `${calls} calls`);
});
