/** docs/serve.md and the README's section are compared with a running server; their commands are run as they stand. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { serveOptions } from "../../src/cli/serve/options.js";
import { packageRoot } from "../../src/native/loader.js";
import { makeFolder } from "../support/folder.js";
import { codeBlocks, inlineCode, readDocument, sectionOf, tableRows } from "../support/markdown.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { startCli } from "../support/run-cli.js";
import { scoringModels } from "../support/scoring-models.js";
import { tinySolutions, writeTinyConfig } from "../support/tiny-scoring.js";
import { until } from "../support/until.js";

const run = promisify(execFile);
const page = readDocument("docs/serve.md");
const readme = sectionOf(readDocument("README.md"), "Serve");

/** In a folder with `runs/prm` and `runs/first/solutions.jsonl`, as the README's sections before it leave them. */
async function startServer(t: ExecutionContext) {
  const folder = makeFolder(t);
  const model = join(folder, "runs/prm");
  mkdirSync(join(folder, "runs/first"), { recursive: true });
  mkdirSync(model);
  await writeRandomModel(model, scoringModels["llama-candidates"] as RandomModel, 1);
  await writeTinyConfig(model);
  const lines = tinySolutions.map((one) => JSON.stringify({ ...one, answer: "1", outcome: 1, finishReason: "stop" }));
  writeFileSync(join(folder, "runs/first/solutions.jsonl"), lines.join("\n"));
  const args = [
    "serve",
    "--reward-model",
    model,
    "--policy",
    "builtin:tiny",
    "--threads",
    "1",
    "--port",
    "0",
    "--json",
  ];
  const running = startCli(args);
  t.teardown(() => running.kill("SIGKILL"));
  let ended = false;
  void running.result.then(() => {
    ended = true;
  });
  await until(() => ended || running.printed().includes("\n"));
  if (ended) throw new Error((await running.result).stderr);
  const { url } = JSON.parse(running.printed()) as { url: string };
  return { folder, url, running };
}

test("the commands that the README and docs/serve.md show get answers, and the metrics count them", async (t) => {
  const { folder, url } = await startServer(t);
  const blocks = [...codeBlocks(readme, "sh"), ...codeBlocks(page, "sh")].filter((block) => block.includes("curl"));
  t.true(blocks.length >= 4);
  const hasCurl = spawnSync("curl", ["--version"]).status === 0;
  if (!hasCurl) t.log("there is no curl here: its lines were not run");
  for (const block of hasCurl ? blocks : []) {
    const script = block.replaceAll("http://127.0.0.1:8080", url).replaceAll("curl ", "curl -sS --fail-with-body ");
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: folder });
    t.notRegex(stdout, /"error"/, block);
    if (block.includes("x-ndjson")) t.true(stdout.split('"stepScores"').length - 1 >= tinySolutions.length);
  }
  const index = pathToFileURL(join(packageRoot, "dist/src/index.js")).href;
  const [withOpenAi = "", withOurs = ""] = await Promise.all(
    codeBlocks(page, "js").map(async (program) => {
      const source = program.replace('"erprm"', JSON.stringify(index)).replace("http://127.0.0.1:8080", url);
      return (await run(process.execPath, ["--input-type=module", "-e", source], { cwd: packageRoot })).stdout;
    }),
  );
  t.true(withOpenAi.length > 0);
  t.regex(withOurs, /^\[ [\d.]+, [\d.]+ \] [\d.]+\n[\d.]+\n.*steps.*\n$/);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  const told = new Set([...metrics.matchAll(/^# TYPE (erprm_\w+)/gm)].map(([, name = ""]) => name));
  const named = inlineCode(sectionOf(page, "Metrics")).filter((code) => /^erprm_\w+$/.test(code));
  t.deepEqual(named.sort(), [...told].sort());

  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const rows = tableRows(sectionOf(page, "Routes")).map(([route = ""]) => route.replaceAll("`", ""));
  t.deepEqual(rows.filter((route) => route !== "GET /openapi.json").sort(), routes.sort());
});

test("docs/serve.md names every limit that erprm serve has, and no other", (t) => {
  const limits = serveOptions.map(({ name }) => name).filter((name) => /^max-|-timeout$/.test(name));
  const named = tableRows(sectionOf(page, "Limits")).map(([option = ""]) => option.replaceAll("`", "").slice(2));
  t.deepEqual([...named].sort(), [...limits].sort());
  const known = new Set<string>([...serveOptions.map(({ name }) => `--${name}`), "--help"]);
  const flags = inlineCode(page)
    .filter((code) => !code.startsWith("node scripts/"))
    .flatMap((code) => code.match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? []);
  t.deepEqual(
    flags.filter((flag) => !known.has(flag)),
    [],
  );
});
