/** Policies behind our own server: the built-in model, over HTTP and in the process. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Grader } from "../../src/grading/grader.js";
import { Policy } from "../../src/policy/policy.js";
import { openRemotePolicy } from "../../src/policy/remote/open-remote.js";
import type { RolloutPolicy } from "../../src/policy/rollout-policy.js";
import { generateProblems } from "../../src/problems/generate.js";
import { rolloutStage } from "../../src/stages/rollout.js";
import type { Solution } from "../../src/types.js";
import { collect } from "../support/fake-policy.js";
import { makeFolder } from "../support/folder.js";
import { loadRemote } from "../support/remote-policy.js";
import { runCli, startCli } from "../support/run-cli.js";
import { serveTiny } from "../support/serve-completions.js";

const problems = [...generateProblems({ split: "test", num: 5 })];

function rolledOut(policy: RolloutPolicy, temperature: number, template?: string): Promise<Solution[]> {
  const grader = new Grader();
  const options = { policy, grader, numSolutions: 3, sampling: { temperature }, prompt: { template } };
  return collect(rolloutStage(problems, options)).finally(() => grader.dispose());
}

test("greedy solutions through the server are those of the policy itself, token by token", async (t) => {
  const { url, policy } = await serveTiny(t);
  const { contextLength } = policy;
  const remote = await loadRemote(t, `openai:${url}/v1#tiny`, { tokenizer: "builtin:tiny", contextLength });
  const own = await rolledOut(policy, 0);
  t.deepEqual(
    await rolledOut(remote, 0),
    own.map(({ logProbability, ...solution }) => solution),
  );
  // Without the tokenizer the same texts, where the template is the same.
  const texts = await loadRemote(t, `openai:${url}/v1#tiny`);
  t.deepEqual(
    await rolledOut(texts, 0, "{question}\n"),
    own.map(({ logProbability, tokenIds, stepEnds, ...solution }) => solution),
  );
});

async function label(t: ExecutionContext, url: string, out: string, ...more: string[]) {
  const folder = makeFolder(t, { "p.jsonl": problems.map((problem) => JSON.stringify(problem)).join("\n") });
  const directory = join(folder, out);
  const { code, stderr } = await runCli([
    ...["label", "--policy", `openai:${url}/v1#tiny`, "--problems", join(folder, "p.jsonl"), "--out", directory],
    ...["--num-solutions", "2", "--num-completions", "6", ...more],
  ]);
  t.is(code, 0, stderr);
  return ["solutions.jsonl", "labels.jsonl"].map((file) => readFileSync(join(directory, file), "utf8"));
}

test("a model behind our own server is told by its files, whatever its name there", async (t) => {
  const { fingerprint } = await Policy.open("builtin:tiny");
  const serve = startCli(["serve", "--policy", "small=builtin:tiny", "--port", "0", "--threads", "1", "--json"]);
  t.teardown(() => serve.kill("SIGKILL"));
  const { url } = JSON.parse(await serve.prints("}\n"));
  const opened = await openRemotePolicy(`openai:${url}/v1#small`, { tokenizer: "builtin:tiny" });
  t.is(opened.fingerprint, fingerprint);
  t.deepEqual(opened.notes, []);
  t.like(opened.identity, { contextLength: 512, server: { prompts: "token ids", completions: "token ids" } });
  serve.kill("SIGTERM");
  t.is((await serve.result).code, 0);
});

test("erprm label completes prefixes through our own server, which repeats itself for the same seeds", async (t) => {
  const { url } = await serveTiny(t);
  const first = await label(t, url, "a", "--tokenizer", "builtin:tiny");
  t.deepEqual(await label(t, url, "b", "--tokenizer", "builtin:tiny", "--concurrency", "3"), first);
  const counts = (first[1] as string)
    .trim()
    .split("\n")
    .flatMap((line) => JSON.parse(line).steps as { numCompletions: number; numCorrect: number; terminal?: true }[])
    .filter(({ terminal }) => !terminal);
  t.true(counts.every(({ numCompletions }) => numCompletions === 6));
  t.true(counts.some(({ numCorrect }) => numCorrect > 0 && numCorrect < 6));
  t.notDeepEqual(await label(t, url, "c", "--tokenizer", "builtin:tiny", "--seed", "1"), first);
});
