/** What the README and the pages beside it say is compared with the program: a page that has drifted fails here. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import { formatNames } from "../../src/data/formats/registry.js";
import { parseLabelRecord, parseScoreRecord, parseSolution } from "../../src/data/read-solutions.js";
import { aggregate, aggregates } from "../../src/data/selection.js";
import { labelSteps } from "../../src/data/step-labels.js";
import { ErprmError, type ErrorCode, errorCategories, exitCodeOf } from "../../src/errors.js";
import * as library from "../../src/index.js";
import { packageRoot } from "../../src/native/loader.js";
import { conventionNames } from "../../src/reward/presets.js";
import { parseRewardModelConfig } from "../../src/reward/reward-model-config.js";
import { parseSearchRecord } from "../../src/search/search-record.js";
import { cliCommands, commandOf, innermostCommands } from "../support/cli-commands.js";
import {
  anchorsOf,
  codeBlocks,
  inlineCode,
  linksOf,
  readDocument,
  sectionOf,
  shellCommands,
  tableRows,
} from "../support/markdown.js";
import { runCli } from "../support/run-cli.js";
import { importScript } from "../support/script.js";

const readme = readDocument("README.md");
const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(packageRoot, "docs")).filter(isPage).map(inDocs)];

function isPage(name: string): boolean {
  return name.endsWith(".md");
}

function inDocs(name: string): string {
  return `docs/${name}`;
}

const bare = (cell: string | undefined) => (cell ?? "").replace(/^`(.*)`$/, "$1");

test("the README's table of commands names the program's commands, in their order", async (t) => {
  const { stdout } = await runCli(["--help"]);
  const shown = [...(stdout.split("Commands:")[1] ?? "").matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  const named = tableRows(sectionOf(readme, "Commands")).map(([command]) => bare(command));
  t.deepEqual(
    named,
    shown.filter((name) => name !== "help").map((name) => `erprm ${name}`),
  );
  t.deepEqual(Object.keys(cliCommands()).sort(), shown.filter((name) => name !== "help").sort());
});

test("the README's table of errors has every code with its category and exit code, and no other", (t) => {
  const rows = tableRows(sectionOf(readme, "Errors and exit codes")).map(([code, , category, exitCode]) => [
    bare(code),
    { category, exitCode: Number(exitCode) },
  ]);
  const expected = Object.entries(errorCategories).map(([code, category]) => {
    const exitCode = exitCodeOf(new ErprmError(code as ErrorCode, ""));
    return [code, { category, exitCode }];
  });
  t.is(rows.length, expected.length);
  t.deepEqual(Object.fromEntries(rows), Object.fromEntries(expected));
});

test("the native list of error codes and the TypeScript one are the same, without loading the addon", (t) => {
  const lines = readDocument("native/core/error_codes.def").matchAll(
    /^ERPRM_ERROR_CODE\((\w+), (\w+), (true|false)\)$/gm,
  );
  t.deepEqual(Object.fromEntries([...lines].map(([, name, category]) => [`ERPRM_${name}`, category])), {
    ...errorCategories,
  });
});

test("the exit codes that docs/formats.md explains are those that errors have, and 0", (t) => {
  const rows = tableRows(sectionOf(readDocument("docs/formats.md"), "Exit codes and output"));
  const codes = (Object.keys(errorCategories) as ErrorCode[]).map((code) => exitCodeOf(new ErprmError(code, "")));
  t.deepEqual(
    rows.map(([code]) => Number(code)),
    [...new Set([0, ...codes])].sort((a, b) => a - b),
  );
});

test("the README's file tree names every folder of the first level, of src and of native, and no other", (t) => {
  const open: string[] = [];
  const [tree = ""] = codeBlocks(sectionOf(readme, "The code"), "");
  const named = [...tree.matchAll(/^( *)([\w.-]+)\/( {2,}\S.*)?$/gm)].map(([, indent = "", name = ""]) => {
    open.length = indent.length / 2;
    open.push(name);
    return open.join("/");
  });
  t.is(named.length, tree.trim().split("\n").length, "every line is a folder");
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: packageRoot, encoding: "utf8" }).split("\0");
  const folders = tracked.flatMap((path) => {
    const parts = dirname(path).split("/");
    if (parts[0] === ".") return [];
    const isOpened = (parts[0] === "src" || parts[0] === "native") && parts.length > 1;
    return isOpened ? [parts[0] as string, `${parts[0]}/${parts[1]}`] : [parts[0] as string];
  });
  t.deepEqual([...named].sort(), [...new Set(folders)].sort());
});

test("every link of the documentation leads to a file, and to a heading where it names one", (t) => {
  for (const page of pages) {
    for (const target of linksOf(readDocument(page))) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      t.true(existsSync(join(packageRoot, file)), `${page} links to ${target}`);
      if (anchor !== undefined) t.true(anchorsOf(readDocument(file)).includes(anchor), `${page} links to ${target}`);
    }
  }
});

test("every command of the documentation's code blocks is one that its program takes", async (t) => {
  const { readSetupOptions } = await importScript<{ readSetupOptions(args: string[]): unknown }>("setup/options.mjs");
  const { scripts } = JSON.parse(readDocument("package.json")) as { scripts: Record<string, string> };
  let numChecked = 0;

  const expectErprm = (all: string[], where: string) => {
    const found = commandOf(all);
    if (!found) return t.fail(`${where}: there is no such command`);
    const { operands, unknown } = found.command.parseOptions(found.words.filter((word) => word !== "--help"));
    const takesOperands = found.command.registeredArguments.length > 0;
    t.deepEqual({ operands: takesOperands ? [] : operands, unknown }, { operands: [], unknown: [] }, where);
  };
  const expectNpm = ([verb = "", ...words]: string[], where: string) => {
    const name = verb === "run" ? words.shift() : verb;
    if (name === "ci" || name === "install") return;
    t.truthy(scripts[name ?? ""], `${where}: there is no script ${name}`);
    const options = words[0] === "--" ? words.slice(1) : words;
    if (name === "build") t.notThrows(() => readSetupOptions(options), where);
    if (name === "demo") expectErprm(["demo", ...options], where);
  };

  for (const page of pages) {
    const text = readDocument(page);
    const inProse = inlineCode(text).filter((code) => /^npm (run|test)|^npx /.test(code) && !/[A-Z]{4}/.test(code));
    const scriptsOfPage = [...codeBlocks(text, "sh"), ...codeBlocks(text, "bash"), ...inProse];
    for (const [program, ...words] of scriptsOfPage.flatMap(shellCommands)) {
      const where = `${page}: ${[program, ...words].join(" ")}`;
      if (program === "npx" && words[0] === "erprm") expectErprm(words.slice(1), where);
      else if (program === "erprm") expectErprm(words, where);
      else if (program === "npm") expectNpm(words, where);
      else continue;
      numChecked += 1;
    }
  }
  t.true(numChecked > 10, `${numChecked} commands`);
});

test("every flag that the README, formats.md and method.md name in passing exists", async (t) => {
  const { setupHelp } = await importScript<{ setupHelp: string }>("setup/options.mjs");
  const known = new Set(["--help", ...(setupHelp.match(/--[a-z0-9]+/g) ?? [])]);
  for (const command of innermostCommands()) for (const { long } of command.options) known.add(long ?? "");
  for (const page of ["README.md", "docs/formats.md", "docs/method.md"]) {
    const flags = inlineCode(readDocument(page)).flatMap((code) => code.match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? []);
    t.true(flags.length > 0);
    t.deepEqual(
      flags.filter((flag) => !known.has(flag)),
      [],
      page,
    );
  }
});

test("the help of an option says that it may be repeated where it may; all others are refused a second value", (t) => {
  const isTaken = (parse: (text: string, previous: unknown) => unknown, previous: unknown) => {
    try {
      parse("1", previous);
      return true;
    } catch (error) {
      if (/to be given once/.test((error as Error).message)) return false;
      throw error;
    }
  };
  const valued = innermostCommands().flatMap(({ options }) => options.filter(({ parseArg }) => parseArg !== undefined));
  for (const { flags, description, parseArg } of valued) {
    t.is(isTaken(parseArg as never, ["1"]), description.includes("may be repeated"), flags);
  }
  t.true(valued.length > 50);
});

test("what the README's programs import is exported", (t) => {
  const imports = codeBlocks(sectionOf(readme, "Library"), "js").map((code) =>
    /import \{([^}]*)\} from "erprm"/.exec(code),
  );
  const names = imports.flatMap((found) => (found?.[1] ?? "").split(",").map((name) => name.trim()));
  t.true(names.length > 4);
  const exported = new Set(Object.keys(library));
  t.deepEqual(
    names.filter((name) => !exported.has(name)),
    [],
  );
});

test("the records that docs/formats.md shows are read, and the labels shown follow from the counts shown", (t) => {
  const formats = readDocument("docs/formats.md");
  const recordIn = (heading: string) => JSON.parse(codeBlocks(sectionOf(formats, heading), "json")[0] as string);
  const place = { file: "docs/formats.md", line: 1 };
  const solution = recordIn("Solutions: `solutions.jsonl`");
  t.deepEqual(parseSolution(solution, place), solution);
  const record = recordIn("Labels: `labels.jsonl`");
  t.deepEqual(parseLabelRecord(record, place), record);
  const { labels, standardErrors } = labelSteps(record.steps, ["hard", "soft", "er:1"]);
  t.deepEqual(record.labels, labels);
  t.deepEqual(record.standardErrors, standardErrors);
  const score = recordIn("Scores: `scores.jsonl`");
  t.deepEqual(parseScoreRecord(score, place), score);
  for (const how of aggregates) t.is(score.scores[how], aggregate(score.stepScores, how), how);
  const search = recordIn("Searches: `search.jsonl`");
  t.deepEqual(parseSearchRecord(search, place), search);
  for (const { stepScores, scores } of search.solutions) {
    for (const how of aggregates) t.is(scores[how], aggregate(stepScores, how), how);
  }
  const config = recordIn("Reward models: `reward_model.json`");
  t.deepEqual(parseRewardModelConfig(config, place.file), config);
});

test("the conventions that docs/method.md explains are those that --convention takes", (t) => {
  const rows = tableRows(sectionOf(readDocument("docs/method.md"), "How a reward model is asked"));
  const names = rows.map(([name = ""]) => name).filter((name) => name.startsWith("`"));
  t.deepEqual(names.map(bare), [...conventionNames]);
  const help = cliCommands().score?.options.find(({ long }) => long === "--convention")?.description ?? "";
  for (const name of conventionNames) t.true(help.includes(name), name);
});

test("the table of formats in docs/formats.md names every format once", (t) => {
  const rows = tableRows(sectionOf(readDocument("docs/formats.md"), "Import and export"));
  t.deepEqual(
    rows.map(([name]) => bare(name)),
    [...formatNames],
  );
});
