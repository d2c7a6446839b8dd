import test from "ava";
import { parseRolloutOptions } from "../../bench/rollout-options.js";

const model = ["--model", "m.gguf"];

test("without more than a model, every workload is measured with every engine five times", (t) => {
  const options = parseRolloutOptions(model);
  t.is(options.model, "m.gguf");
  t.is(options.runs, 5);
  t.is(options.qualityTokens, 5000);
  t.false(options.keepBusy);
  const names = options.workloads.map(({ name }) => name);
  for (const name of ["nested", "flat", "single", "long", "end-tokens", "prompt-64", "prompt-2048", "batch-1"]) {
    t.true(names.includes(name), name);
  }
  t.true(names.includes("batch-128"));
  t.is(options.engines.length, 7);
});

test("sizes given take the place of a workload's own, but leave it what its name says", (t) => {
  const args = [...model, "--prefixes", "2", "--completions", "3", "--tokens", "4"];
  const { workloads } = parseRolloutOptions([...args, "--workloads", "nested,flat,single,prompt-64,batch-8"]);
  const sizes = Object.fromEntries(workloads.map(({ name, sizes: own }) => [name, own]));
  t.like(sizes.nested, { prefixes: 2, completions: 3, tokens: 4 });
  t.like(sizes.flat, { prefixes: 2, completions: 1, tokens: 4 });
  t.like(sizes.single, { prefixes: 1, completions: 1, tokens: 4 });
  t.like(sizes["prompt-64"], { prefixes: 1, completions: 3, promptTokens: 64 });
  t.like(sizes["batch-8"], { prefixes: 1, completions: 8, batch: 8 });
});

test("llama.cpp's settings are a list to try or one to take", (t) => {
  t.deepEqual(parseRolloutOptions([...model, "--slots", "8,16"]).slots, [8, 16]);
  t.deepEqual(parseRolloutOptions([...model, "--llama-cpp", "split:16"]).setting, { memory: "split", slots: 16 });
});

test("what is wrong is named with what was expected", (t) => {
  const refused: [string[], RegExp][] = [
    [[], /--model or --shape/],
    [[...model, "--shape", "qwen2-tiny"], /--model or --shape/],
    [["--shape", "gpt-5"], /--shape to be one of qwen2.5-0.5b/],
    [[...model, "--workloads", "nested,deep"], /--workloads to be of .* received deep/],
    [[...model, "--engines", "vllm"], /--engines to be of .* received vllm/],
    [[...model, "--runs", "0"], /--runs to be an integer of at least 1, received 0/],
    [[...model, "--tokens", "many"], /--tokens/],
    [[...model, "--slots", "8,x"], /--slots/],
    [[...model, "--llama-cpp", "64"], /--llama-cpp to be like unified:64/],
    [[...model, "--fast"], /fast/],
  ];
  for (const [args, message] of refused) t.throws(() => parseRolloutOptions(args), { message });
});
