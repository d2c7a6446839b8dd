import test, { type ExecutionContext } from "ava";
import { parseSolution } from "../../../src/data/read-solutions.js";
import type { RolloutPolicy } from "../../../src/policy/rollout-policy.js";
import { type LabelStageOptions, labelStage, labelStageWithCompletions } from "../../../src/stages/label.js";
import { type RolloutStageOptions, rolloutStage } from "../../../src/stages/rollout.js";
import type { Allocation, Solution } from "../../../src/types.js";
import {
  arithmetic,
  type CompletionServerOptions,
  manyFaults,
  startCompletionServer,
} from "../../support/completion-server.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect } from "../../support/fake-policy.js";
import { byteTokenizerFolder, loadRemote } from "../../support/remote-policy.js";

const problems = Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, question: `${i} + ${4 - i}?`, answer: "4" }));

async function remote(t: ExecutionContext, server: CompletionServerOptions = {}, tokenizer?: string) {
  const { policy, requests } = await startCompletionServer(t, server);
  return { policy: await loadRemote(t, policy, { tokenizer }), requests };
}

function rolledOut(policy: RolloutPolicy, options: Partial<RolloutStageOptions> = {}): Promise<Solution[]> {
  return collect(rolloutStage(problems, { policy, numSolutions: 3, grader: new FakeGrader(), seed: 2, ...options }));
}

function labelled(policy: RolloutPolicy, solutions: Solution[], options: Partial<LabelStageOptions> = {}) {
  const stage = { policy, numCompletions: 5, grader: new FakeGrader(), seed: 2, ...options };
  return collect(labelStageWithCompletions(solutions, stage));
}

/** What does not depend on whether tokens are known. */
function withoutTokens({ tokenIds, stepEnds, logProbability, ...solution }: Solution) {
  return solution;
}

test("solutions have tokens where the server tells them, and are the same texts, steps and outcomes where it does not", async (t) => {
  const withIds = await rolledOut((await remote(t, {}, byteTokenizerFolder(t))).policy);
  const withoutIds = await rolledOut((await remote(t)).policy);
  t.deepEqual(withIds.map(withoutTokens), withoutIds);
  t.true(withoutIds.some(({ steps }) => steps.length > 2));
  for (const [i, solution] of withIds.entries()) {
    const text = Buffer.from(solution.tokenIds?.filter((id) => id < 256) ?? []).toString();
    t.is(text, solution.steps.join(""));
    t.is(solution.stepEnds?.at(-1), solution.tokenIds?.length);
    t.is(solution.logProbability, undefined);
    const place = { file: "solutions.jsonl", line: i + 1 };
    for (const one of [solution, withoutIds[i]])
      t.deepEqual(parseSolution(JSON.parse(JSON.stringify(one)), place), one);
  }
});

test("solutions that an interrupted run lacks are those of the run that was not", async (t) => {
  const { policy } = await remote(t);
  const whole = await rolledOut(policy);
  t.deepEqual(await rolledOut(policy, { skip: 7 }), whole.slice(7));
});

test("a completion without text is a solution of one empty step", async (t) => {
  const { policy } = await remote(t, {
    write: (stream, prompt) => (prompt.endsWith("Answer:") ? "" : arithmetic(stream)),
  });
  t.deepEqual(
    (await rolledOut(policy)).map(({ steps, outcome }) => ({ steps, outcome })),
    Array(15).fill({ steps: [""], outcome: 0 }),
  );
});

const allocations: Allocation[] = [
  { kind: "fixed", numCompletions: 5 },
  { kind: "adaptive", label: "soft", tolerance: 0.3, minCompletions: 2, maxCompletions: 12 },
  { kind: "gain", label: "soft", gain: 0.004, minCompletions: 2, maxCompletions: 12 },
  { kind: "first-error", numCompletions: 4 },
];

for (const allocation of allocations) {
  test(`${allocation.kind}: faults of every kind change neither counts nor labels`, async (t) => {
    const plain = await remote(t);
    const faulty = await remote(t, { faultOf: manyFaults() });
    const solutions = await rolledOut(plain.policy);
    t.deepEqual(await rolledOut(faulty.policy), solutions);
    const options = { allocation, numCompletions: undefined };
    const expected = await labelled(plain.policy, solutions, options);
    t.deepEqual(await labelled(faulty.policy, solutions, options), expected);
    t.true((faulty.policy.figures().counts.retries as number) > 10);
    const steps = expected.flatMap(({ record }) => record.steps).filter(({ terminal }) => !terminal);
    t.true(steps.some(({ numCompletions, numCorrect }) => numCorrect > 0 && numCorrect < numCompletions));
  });
}

test("a prefix is the prompt and the steps as they were written, and goes on from there", async (t) => {
  for (const tokenizer of [undefined, byteTokenizerFolder(t)]) {
    const { policy, requests } = await remote(t, {}, tokenizer);
    const numProbes = requests.length;
    const solution = (await rolledOut(policy)).find(({ steps }) => steps.length > 2) as Solution;
    const numRollouts = requests.length;
    const [{ record, completions }] = (await labelled(policy, [solution])) as [Awaited<ReturnType<typeof labelled>>[0]];
    const textOf = (prompt: string | number[]) =>
      typeof prompt === "string" ? prompt : Buffer.from(prompt).toString();
    const prompt = textOf(requests[numProbes]?.prompt ?? "");
    t.regex(prompt, /Answer:$/);
    t.deepEqual(
      requests.slice(numRollouts).map((request) => textOf(request.prompt)),
      solution.steps.slice(0, -1).map((_, i) => `${prompt}${solution.steps.slice(0, i + 1).join("")}`),
    );
    t.is(completions.length, 5 * (solution.steps.length - 1));
    t.deepEqual(
      record.steps.map(({ text }) => text),
      solution.steps,
    );
  }
});

test("a solution from elsewhere gets the space that follows a colon, a sampled one is taken as it stands", async (t) => {
  const { policy, requests } = await remote(t);
  const numBefore = requests.length;
  const [sampled] = await rolledOut(policy);
  const { finishReason, ...elsewhere } = { ...(sampled as Solution), steps: ["One.", "The answer is 4."] };
  await labelled(policy, [elsewhere]);
  t.is(requests.at(-1)?.prompt, `${requests[numBefore]?.prompt} One.\n`);
});

test("a solution's tokens are used where they are the tokenizer's, whichever policy wrote them", async (t) => {
  const { policy, requests } = await remote(t, {}, byteTokenizerFolder(t));
  const [first] = await rolledOut(policy);
  const steps = ["One.\n", "The answer is 4."];
  const tokenIds = [...Buffer.from(steps.join("")), 256];
  const numBefore = requests.length;
  const solution = { ...(first as Solution), steps, tokenIds, stepEnds: [5, tokenIds.length] };
  await collect(labelStage([solution], { policy, numCompletions: 2, grader: new FakeGrader() }));
  const sent = requests[numBefore]?.prompt ?? [];
  t.deepEqual([...sent].slice(-5), [...Buffer.from("One.\n")]);
});

test("a prompt that fills the server's context is named before it is sent", async (t) => {
  const { policy } = await remote(t, { models: [{ id: "m", max_model_len: 60 }] }, byteTokenizerFolder(t));
  await t.throwsAsync(rolledOut(policy), {
    code: "ERPRM_INVALID_DATA",
    message: /problem "p0" to be shorter than the context of 60/,
  });
});
