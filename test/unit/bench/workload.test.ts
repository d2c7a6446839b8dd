import test from "ava";
import { randomPrompts } from "../../bench/prompts.js";
import { makeWorkload, numCompletionsOf, sizesOf, trunkTokensOf, type WorkloadSizes } from "../../bench/workload.js";

const common = { model: "model.gguf", threads: 2, batch: 64 };
const source = { ...randomPrompts(1000), endTokens: [7, 9] };
const make = (name: string) => makeWorkload(source, sizesOf(name) as WorkloadSizes, common);

test("nested is one trunk with eight prefixes of 32 completions each", (t) => {
  const workload = make("nested");
  t.is(workload.trunks.length, 1);
  const [{ tokens, prefixLengths }] = workload.trunks as [(typeof workload.trunks)[number]];
  t.is(prefixLengths.length, 8);
  t.is(prefixLengths.at(-1), tokens.length);
  t.is(numCompletionsOf(workload), 256);
  t.is(workload.batch, 64);
  t.deepEqual(workload.endTokens, []);
});

test("flat has distinct prompts with one completion each", (t) => {
  const { trunks } = make("flat");
  t.is(new Set(trunks.map(({ tokens }) => tokens.join())).size, 64);
  t.true(trunks.every(({ numCompletions, prefixLengths }) => numCompletions === 1 && prefixLengths.length === 1));
});

test("a prompt workload has a prompt of exactly so many tokens", (t) => {
  t.is(trunkTokensOf(make("prompt-64")), 64);
  t.is(trunkTokensOf(make("prompt-2048")), 2048);
  t.is(numCompletionsOf(make("prompt-64")), 32);
});

test("a batch workload runs all of its completions at once, whatever the batch of the others", (t) => {
  for (const batch of [1, 8, 128]) {
    const workload = make(`batch-${batch}`);
    t.is(workload.batch, batch);
    t.is(numCompletionsOf(workload), batch);
  }
});

test("long has 500 tokens a completion, single has one completion", (t) => {
  t.is(make("long").numTokens, 500);
  t.is(numCompletionsOf(make("single")), 1);
  t.is(make("single").batch, 1);
});

test("only end-tokens ends with the model's end tokens", (t) => {
  t.deepEqual(make("end-tokens").endTokens, [7, 9]);
  for (const name of ["nested", "flat", "long", "batch-2", "prompt-9"]) t.deepEqual(make(name).endTokens, []);
});

test("names that stand for nothing have no sizes", (t) => {
  for (const name of ["", "nest", "batch-", "batch-0", "prompt-x", "prompt-64-2", "toString"]) {
    t.is(sizesOf(name), undefined, name);
  }
});
