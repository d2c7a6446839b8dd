import test from "ava";
import type { NativeRolloutRequest } from "../../../src/native/contract.js";
import { completeSampling, type Sampling } from "../../../src/policy/sampling.js";
import { PolicySampler, type PolicySamplerOptions } from "../../../src/search/policy-sampler.js";
import { emptyPrefix, type Prefix } from "../../../src/search/prefix.js";
import type { SampledStep, StepRequest } from "../../../src/search/search-tools.js";
import { rolloutStage } from "../../../src/stages/rollout.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect, endToken, type FakeOptions, makeFakePolicy } from "../../support/fake-policy.js";

const problem = { id: "p", question: "What is 2 + 2?", answer: "4" };

async function samplerWith(
  fake: FakeOptions,
  sampling: Partial<Sampling> = {},
  more: Partial<PolicySamplerOptions> = {},
) {
  const { policy, native } = await makeFakePolicy({ stopAtTexts: true, ...fake });
  const sampler = new PolicySampler({
    rollout: (request) => policy.rolloutTrunk(request),
    prompt: policy.text.encodePrompt("Q:"),
    problemId: "p",
    seed: 3,
    sampling: completeSampling(sampling),
    rule: { kind: "newline" },
    contextLength: policy.contextLength,
    tokenBytes: policy.tokenizer.tokenBytes(),
    stopTokenIds: policy.text.stopTokenIds,
    ...more,
  });
  return { sampler, native, policy };
}

async function sampleOne(sampler: PolicySampler, request: StepRequest): Promise<SampledStep> {
  const [steps] = await sampler.sampleSteps([request]);
  return steps?.[0] as SampledStep;
}

const requestOf = (more: Partial<StepRequest> = {}): StepRequest => ({
  prefix: emptyPrefix,
  slot: 0,
  level: 0,
  numCompletions: 1,
  maxTokens: Number.POSITIVE_INFINITY,
  ...more,
});

/** A prefix of one-line steps. */
function prefixOf(...steps: string[]): Prefix {
  const tokenIds = [...Buffer.from(steps.join(""))];
  let end = 0;
  const stepEnds = steps.map((step) => {
    end += step.length;
    return end;
  });
  return { steps, tokenIds, stepEnds, logProbability: -2 };
}

/** Writes the rest of one text, whatever the steps so far. */
const goingOn =
  (text: string) =>
  (_: Buffer, { prefixLengths }: NativeRolloutRequest) =>
    text.slice((prefixLengths[0] as number) - "Q:".length);

/** Writes what follows the prompt and prefix that the trunk holds, out of `texts`, by what it ends with. */
const following =
  (texts: Record<string, string>) =>
  (_: Buffer, { trunk, prefixLengths }: NativeRolloutRequest) => {
    const before = Buffer.from(trunk.subarray(0, prefixLengths[0])).toString().slice("Q:".length);
    const text = texts[before];
    if (text === undefined) throw new Error(`nothing behind ${JSON.stringify(before)}`);
    return text;
  };

test("a step is sampled up to its end; the tokens are those that were sampled", async (t) => {
  const { sampler, native } = await samplerWith({ write: () => "One.\nTwo.\nThe answer is 4." });
  const step = await sampleOne(sampler, requestOf());
  t.deepEqual(step, {
    prefix: { steps: ["One.\n"], tokenIds: [...Buffer.from("One.\n")], stepEnds: [5], logProbability: -2.5 },
    numTokens: 5,
  });
  t.is(native.requests.length, 1);
});

test("a step behind a prefix continues its tokens, and the last one ends the solution", async (t) => {
  const { sampler, native } = await samplerWith({ write: following({ "One.\n": "The answer is 4." }) });
  const step = await sampleOne(sampler, requestOf({ prefix: prefixOf("One.\n"), level: 1, slot: 2 }));
  t.deepEqual(step.prefix.steps, ["One.\n", "The answer is 4."]);
  t.is(step.prefix.finishReason, "stop");
  t.is(step.prefix.tokenIds.at(-1), endToken);
  t.deepEqual(step.prefix.stepEnds, [5, 22]);
  t.is(step.prefix.logProbability, -2 - 17 / 2);
  const [{ trunk, solutionIndices, stepIndices, firstCompletions }] = native.requests as [(typeof native.requests)[0]];
  t.is(Buffer.from(trunk).toString(), "Q:One.\n");
  t.deepEqual([solutionIndices[0], stepIndices[0], firstCompletions[0]], [2, 0, 0]);
});

test("an end token alone belongs to the step before it", async (t) => {
  const { sampler } = await samplerWith({ write: () => "" });
  const step = await sampleOne(sampler, requestOf({ prefix: prefixOf("It is 4.\n"), level: 1 }));
  t.deepEqual(step.prefix.steps, ["It is 4.\n"]);
  t.deepEqual(step.prefix.stepEnds, [10]);
  t.is(step.prefix.finishReason, "stop");
});

test("completions of one prefix are one trunk, equal prefixes of several slots too", async (t) => {
  const { sampler, native } = await samplerWith({ write: (bytes) => `Step ${bytes[0]}.\nmore` });
  const same = prefixOf("a\n");
  const results = await sampler.sampleSteps([
    requestOf({ prefix: same, slot: 0, level: 1, numCompletions: 3 }),
    requestOf({ prefix: prefixOf("b\n"), slot: 1, level: 1, numCompletions: 3 }),
    requestOf({ prefix: same, slot: 2, level: 1, numCompletions: 3 }),
  ]);
  t.deepEqual(
    native.requests.map(({ solutionIndices }) => [...solutionIndices]),
    [[0, 2], [1]],
  );
  t.deepEqual(
    results.map(({ length }) => length),
    [3, 3, 3],
  );
  const texts = results.flat().map(({ prefix }) => prefix.steps.join(""));
  t.true(new Set(texts).size > 6, "slots and completions draw apart");
  t.deepEqual(
    results.map(([one]) => one?.prefix.steps[0]),
    ["a\n", "b\n", "a\n"],
  );
});

test("what is sampled behind the end of a step is thrown away and counted", async (t) => {
  const { sampler } = await samplerWith(
    { write: goingOn("Step 1: a.\nb.\nStep 2: c.\nStep 3: d.") },
    {},
    { rule: { kind: "step-number" } },
  );
  const step = await sampleOne(sampler, requestOf());
  t.deepEqual(step.prefix.steps, ["Step 1: a.\nb.\n"]);
  t.is(step.numTokens, "Step 1: a.\nb.\nStep 2: c.\n".length);
});

test("where no step has ended at a stop, sampling goes on from there with draws of its own", async (t) => {
  const whole = "\nSo \\[\nx = 4\n\\]\nThe answer is 4.";
  const { sampler, native } = await samplerWith({
    write: goingOn(whole),
  });
  const [[first, second]] = (await sampler.sampleSteps([requestOf({ numCompletions: 2 })])) as [
    [{ prefix: Prefix; numTokens: number }, unknown],
  ];
  t.deepEqual(first.prefix.steps, ["\nSo \\[\nx = 4\n\\]\n"]);
  t.is(first.numTokens, 16);
  t.deepEqual(first, second as typeof first);
  t.is(first.prefix.logProbability, -8);
  const draws = native.requests.flatMap(({ firstCompletions, numCompletions }) =>
    [...firstCompletions].flatMap((from, g) => Array.from({ length: numCompletions[g] as number }, (_, i) => from + i)),
  );
  t.is(draws.length, 2 * 4);
  t.is(new Set(draws).size, draws.length);
});

test("the limits of a solution, of the context and of the request cut a step off", async (t) => {
  const long = "We add and add and add";
  const bySolution = await samplerWith({ write: () => long }, { maxTokens: 12 });
  const one = await sampleOne(bySolution.sampler, requestOf({ prefix: prefixOf("Go.\n"), level: 1 }));
  t.is(one.prefix.finishReason, "length");
  t.is(one.prefix.tokenIds.length, 12);
  t.is(one.numTokens, 8);
  const byContext = await samplerWith({ write: () => long, contextLength: 10 });
  const two = await sampleOne(byContext.sampler, requestOf());
  t.deepEqual([two.prefix.tokenIds.length, two.prefix.finishReason], [8, "length"]);
  const byRequest = await samplerWith({ write: () => long });
  const three = await sampleOne(byRequest.sampler, requestOf({ maxTokens: 5 }));
  t.deepEqual([three.numTokens, three.prefix.finishReason], [5, "length"]);
});

test("a step that ends at the last token a solution may have cannot go on", async (t) => {
  const { sampler } = await samplerWith({ write: () => "Go.\nOn." }, { maxTokens: 4 });
  const step = await sampleOne(sampler, requestOf());
  t.is(step.prefix.finishReason, "length");
  const blank = await samplerWith({ write: () => "\n\n\n\n\n\n" }, { maxTokens: 3 });
  const none = await sampleOne(blank.sampler, requestOf());
  t.deepEqual([none.prefix.tokenIds.length, none.prefix.finishReason], [3, "length"]);
});

test("a text that ends solutions ends one, also within a line", async (t) => {
  const { sampler } = await samplerWith({ write: () => "It is 4. END and more\n" }, { stop: ["END"] });
  const step = await sampleOne(sampler, requestOf());
  t.deepEqual(step.prefix.steps, ["It is 4. END"]);
  t.is(step.prefix.finishReason, "stop");
});

test("whole solutions are those of the rollout stage, whatever part of them is asked for", async (t) => {
  const { policy } = await samplerWith({});
  const rolled = await collect(
    rolloutStage([problem], {
      policy,
      numSolutions: 5,
      seed: 3,
      grader: new FakeGrader(),
      prompt: { template: "Q:{question}" },
      split: { kind: "newline" },
    }),
  );
  const { sampler: same } = await samplerWith(
    {},
    { temperature: 0.7 },
    { prompt: policy.text.encodePrompt(`Q:${problem.question}`) },
  );
  const limit = Number.POSITIVE_INFINITY;
  const first = await same.sampleSolutions({ first: 0, numSolutions: 2, maxTokens: limit });
  const rest = await same.sampleSolutions({ first: 2, numSolutions: 3, maxTokens: limit });
  t.deepEqual(
    [...first, ...rest].map(({ prefix: { steps, stepEnds, tokenIds, finishReason } }) => ({
      steps,
      stepEnds,
      tokenIds,
      finishReason,
    })),
    rolled.map(({ steps, stepEnds, tokenIds, finishReason }) => ({ steps, stepEnds, tokenIds, finishReason })) as never,
  );
});
