import { existsSync, readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import { makeStudy, manifestOf } from "../../support/report-study.js";
import { runCli } from "../../support/run-cli.js";

test("erprm report writes the page into the first run, and says what is in it", async (t) => {
  const { runs } = makeStudy(t);
  const args = runs.flatMap((run) => ["--run", run]);
  const { code, stdout, stderr } = await runCli(["report", ...args]);
  t.deepEqual([code, stderr], [0, ""]);
  const path = `${runs[0]}/report.html`;
  t.regex(
    stdout,
    new RegExp(`^report +${path} \\([\\d.]+ KiB\\): Accuracy against N, .*Inspector, Runs, 24 of 24 solutions`),
  );
  const html = readFileSync(path, "utf8");
  t.regex(html, /^<!doctype html>/);
  t.notRegex(html, /(src|href)="(?!#)/, "nothing is loaded");

  const again = await runCli(["report", ...args, "--max-solutions", "5", "--title", "Again", "--json"]);
  t.is(again.code, 0, "a report of ours is replaced");
  const summary = JSON.parse(again.stdout) as Record<string, unknown>;
  t.deepEqual([summary.stage, summary.path, summary.numSolutions, summary.numShown], ["report", path, 24, 4]);
  t.is(summary.bytes, readFileSync(path).length);
});

test("the same runs make the same bytes", async (t) => {
  const { folder, runs } = makeStudy(t);
  const pages: string[] = [];
  for (const name of ["a.html", "b.html"]) {
    const { code } = await runCli(["report", "--run", runs[0] as string, "--out", `${folder}/${name}`]);
    t.is(code, 0);
    pages.push(readFileSync(`${folder}/${name}`, "utf8"));
  }
  t.is(pages[0], pages[1]);
});

test("a file that is no report is replaced only with --force", async (t) => {
  const { folder, runs } = makeStudy(t);
  const out = `${folder}/thesis.html`;
  writeFileSync(out, "<p>my thesis</p>");
  const args = ["report", "--run", runs[0] as string, "--out", out];
  const { code, stderr } = await runCli(args);
  t.is(code, 2);
  t.regex(
    stderr,
    /Expected --out to be a new file or a report of erprm, .*thesis\.html is something else; --force replaces it/,
  );
  t.is(readFileSync(out, "utf8"), "<p>my thesis</p>");
  t.is((await runCli([...args, "--force"])).code, 0);
  t.regex(readFileSync(out, "utf8"), /erprm/);
});

test("what is missing is named, and nothing is written", async (t) => {
  const { folder } = makeStudy(t);
  const none = await runCli(["report"]);
  t.deepEqual([none.code, none.stderr], [2, "erprm: Expected --run to be given: a run directory\n"]);
  const { code, stderr } = await runCli(["report", "--run", folder]);
  t.is(code, 2);
  t.regex(stderr, /Expected a run directory at .*, found no manifest\.json in it/);
  t.false(existsSync(`${folder}/report.html`));
  const noRun = await runCli(["report", "--run", `${folder}/none`]);
  t.is(noRun.code, 2);
  t.regex(noRun.stderr, /Expected a run directory at .*\/none, found no manifest\.json in it/);
  const nowhere = await runCli(["report", "--run", `${folder}/labels`, "--out", `${folder}/none/report.html`]);
  t.is(nowhere.code, 2);
  t.regex(
    nowhere.stderr,
    /Expected --out to name a file in a directory that is there, received .*: .*\/none is not there/,
  );
});

test("a file for --run is named as that, also where --force says that anything may be replaced", async (t) => {
  const { folder } = makeStudy(t);
  const file = `${folder}/labels/labels.jsonl`;
  const before = readFileSync(file, "utf8");
  for (const more of [[], ["--force"]]) {
    const { code, stderr } = await runCli(["report", "--run", `${folder}/labels`, "--run", file, ...more]);
    t.is(code, 2);
    t.regex(stderr, /Expected --run to be a run directory, .*labels\.jsonl is a file/);
  }
  const inside = await runCli(["report", "--run", `${folder}/labels`, "--out", `${file}/report.html`]);
  t.is(inside.code, 2);
  t.regex(inside.stderr, /Expected --out to name a file in a directory that is there, .*labels\.jsonl is a file/);
  t.is(readFileSync(file, "utf8"), before);
});

test("a demo's directory is no run to report: its runs are named, and its own report stays", async (t) => {
  const { folder } = makeStudy(t);
  writeFileSync(`${folder}/manifest.json`, manifestOf("demo"));
  const { code, stderr } = await runCli(["report", "--run", folder]);
  t.is(code, 2);
  t.regex(stderr, /found a demo: name runs in it, such as .*\/evaluation/);
  t.false(existsSync(`${folder}/report.html`));
});
