import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { SearchAlgorithm } from "../../src/search/search-record.js";
import { type SearchedProblem, type SearchStageOptions, searchStage } from "../../src/stages/search.js";
import { newCounts } from "../../src/stages/stage-counts.js";
import type { Problem } from "../../src/types.js";
import { collect } from "../support/fake-policy.js";
import { makeFolder } from "../support/folder.js";
import { sameResult } from "../support/near.js";
import { runCli, startCli } from "../support/run-cli.js";
import { blockBytes, writeTinyModel } from "../support/tiny-engine.js";
import { loadTinyPolicy, parityGrader, tinyPrompt, tinyRule } from "../support/tiny-policy.js";
import { loadTinyRewardModel, writeTinyConfig } from "../support/tiny-scoring.js";

const problems: Problem[] = Array.from({ length: 5 }, (_, i) => ({
  id: `p${i}`,
  question: `${i} + ${i}?`,
  answer: String(2 * i),
}));
const algorithms: SearchAlgorithm[] = ["beam", "dvts", "best-of-n"];

/** One directory is both models: what it predicts behind the tag is its score. */
async function search(
  t: Parameters<typeof writeTinyModel>[0],
  directory: string,
  options: Partial<SearchStageOptions>,
  engine: { threads?: number; maxBatch?: number; kvMemoryBytes?: number } = {},
): Promise<SearchedProblem[]> {
  const policy = await loadTinyPolicy(t, directory, engine);
  const rewardModel = await loadTinyRewardModel(t, directory, { threads: engine.threads ?? 1, split: tinyRule });
  const common = { policy, rewardModel, grader: parityGrader, prompt: tinyPrompt, split: tinyRule } as const;
  const sampling = { temperature: 1, maxTokens: 120 };
  return collect(searchStage(problems, { ...common, sampling, beams: 6, width: 3, seed: 4, ...options }));
}

async function tinyModel(t: Parameters<typeof writeTinyModel>[0]): Promise<string> {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  return directory;
}

for (const algorithm of algorithms) {
  test(`${algorithm}: the answer does not depend on threads, batch size or memory`, async (t) => {
    const directory = await tinyModel(t);
    const expected = await search(t, directory, { algorithm });
    t.is(expected.length, problems.length);
    const other = { threads: 2, maxBatch: 3, kvMemoryBytes: 24 * blockBytes };
    sameResult(t, await search(t, directory, { algorithm, tokenBudget: 200 }, other), expected);
  });
}

test("step scores of a search are those of the solution when it is scored alone", async (t) => {
  const directory = await tinyModel(t);
  const rewardModel = await loadTinyRewardModel(t, directory, { split: tinyRule });
  for (const { solution, record } of await search(t, directory, { algorithm: "beam" })) {
    const { question, steps } = solution;
    const [scores] = await rewardModel.scoreSteps([{ question, steps }]);
    if (record.chosen !== undefined) t.deepEqual(record.solutions[record.chosen]?.stepScores, scores);
  }
});

test("the steps of a search are cut where its rule ends steps, and its tokens spell them", async (t) => {
  const directory = await tinyModel(t);
  const policy = await loadTinyPolicy(t, directory);
  let inner = 0;
  for (const { solution } of await search(t, directory, { algorithm: "dvts" })) {
    const { steps, stepEnds = [], tokenIds = [] } = solution;
    let start = 0;
    for (const [i, step] of steps.entries()) {
      const text = policy.tokenizer.decode(tokenIds.slice(start, stepEnds[i]), { skipSpecialTokens: true });
      t.is(text, step);
      start = stepEnds[i] as number;
      if (i === steps.length - 1) continue;
      inner += 1;
      t.true(step.endsWith("*"), JSON.stringify(step));
      t.is(step.indexOf("*"), step.length - 1);
    }
  }
  t.true(inner > 3, `${inner} steps that are not the last`);
});

test("the extensions of a prefix share its tokens", async (t) => {
  const directory = await tinyModel(t);
  const counts = newCounts();
  await search(t, directory, { algorithm: "beam", counts });
  t.true(counts.trunkTokens * 2 < counts.unsharedTokens, `${counts.trunkTokens} of ${counts.unsharedTokens}`);
});

test("erprm search writes what the stage gives; killed and resumed, the same bytes", async (t) => {
  const directory = await tinyModel(t);
  const folder = makeFolder(t, { "p.jsonl": problems.map((problem) => JSON.stringify(problem)).join("\n") });
  const args = (out: string, ...more: string[]) => [
    ...["search", "--policy", directory, "--reward-model", directory, "--problems", join(folder, "p.jsonl")],
    ...["--out", join(folder, out), "--prompt-template", "Q: {question}\nA:", "--split", "tag:*"],
    ...["--beams", "6", "--width", "3", "--temperature", "1", "--max-tokens", "120", "--seed", "4", ...more],
  ];
  const read = (out: string, file: string) => readFileSync(join(folder, out, file), "utf8");
  const whole = await runCli(args("whole", "--threads", "1", "--json"));
  t.is(whole.code, 0, whole.stderr);
  const stage = await search(t, directory, {});
  const records = read("whole", "search.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  sameResult(
    t,
    records.map(({ tokens, levels, chosen }) => ({ tokens, levels, chosen })),
    stage.map(({ record: { tokens, levels, chosen } }) => ({ tokens, levels, chosen })),
  );
  const { counts } = JSON.parse(whole.stdout);
  t.is(counts.searchTokens, counts.sampledTokens);
  t.is(counts.promptTokensComputed, counts.trunkTokens);
  t.true(counts.scoredPrefixes > 0);

  const running = startCli(args("killed", "--threads", "2", "--batch-size", "2"));
  const timer = setInterval(() => {
    try {
      if (read("killed", "solutions.jsonl").includes("\n")) running.kill("SIGKILL");
    } catch {
      // Not there yet.
    }
  }, 2);
  await running.result;
  clearInterval(timer);
  // What a kill in the middle of a write leaves.
  const torn = join(folder, "killed", "search.jsonl");
  const manifest = join(folder, "killed", "manifest.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"status": "complete"', '"status": "unfinished"'));
  writeFileSync(torn, read("whole", "search.jsonl").slice(0, 700));
  const again = await runCli(args("killed", "--batch-size", "5"));
  t.is(again.code, 0, again.stderr);
  for (const file of ["solutions.jsonl", "search.jsonl"])
    sameResult(t, read("killed", file), read("whole", file), file);
});
