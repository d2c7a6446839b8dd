import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { loadNative } from "../../../src/native/loader.js";
import { makeFolder } from "../../support/folder.js";
import { runCli } from "../../support/run-cli.js";

const problem = (id: string) => `{"id":"${id}","question":"What is 1 + 1?","answer":"2"}\n`;
const labels = `{"problemId":"a","index":0,"question":"?","answer":"2","outcome":1,"steps":[{"text":"x","numCompletions":4,"numCorrect":3},{"text":"y","numCompletions":1,"numCorrect":1,"terminal":true}],"labels":{"hard":[1,1]}}\n`;

/** One message on standard error, nothing on standard output, this exit code. */
const fails = test.macro(
  async (t, files: Record<string, string | Uint8Array>, args: string[], code: number, message: RegExp) => {
    const folder = makeFolder(t, files);
    const result = await runCli(args.map((arg) => arg.replace("@", `${folder}/`)));
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
    t.regex(result.stderr, /^erprm: [^\n]*\n(\(Did you mean[^\n]*\n)?$/, "one message");
    t.is(result.stdout, "");
  },
);

const rollout = ["rollout", "--policy", "@model", "--out", "@run"];

test(
  "an unknown command is exit 2, with a suggestion",
  fails,
  {},
  ["lable"],
  2,
  /unknown command 'lable'\n\(Did you mean label\?\)/,
);
test(
  "an unknown flag is exit 2, with a suggestion",
  fails,
  {},
  ["label", "--etta", "1"],
  2,
  /unknown option '--etta'\n\(Did you mean --eta\?\)/,
);
test("a flag without its value is exit 2", fails, {}, ["label", "--eta"], 2, /--eta <LIST>' argument missing/);
test("an argument that no command takes is exit 2", fails, {}, ["rollout", "problems.jsonl"], 2, /too many arguments/);
test(
  "a number out of range is exit 2 and says what is expected",
  fails,
  {},
  ["rollout", "--temperature", "-1"],
  2,
  /Expected --temperature to be a number from 0 to 1000000, received "-1" \(string\)/,
);
test(
  "a number that is none is exit 2",
  fails,
  {},
  ["rollout", "--num-solutions", "many"],
  2,
  /Expected --num-solutions to be an integer of at least 1, received "many"/,
);
test(
  "an option with one value that is given twice is exit 2, without what it was given",
  fails,
  {},
  ["worker", "--queue", "nats://me:secret@a", "--queue", "nats://me:secret@b"],
  2,
  /^erprm: Expected --queue to be given once, received it twice\n$/,
);
test(
  "a list that is given in two pieces is exit 2 and says how lists are written",
  fails,
  {},
  ["label", "--eta", "1", "--eta", "2"],
  2,
  /Expected --eta to be given once, received it twice: separate its values by commas/,
);
test(
  "a size that is none is exit 2",
  fails,
  {},
  ["rollout", "--kv-memory", "2 elephants"],
  2,
  /Expected --kv-memory to be a size such as 512MiB or 2GiB/,
);
test(
  "an eta that is not finite is exit 2",
  fails,
  {},
  ["label", "--eta", "1,Infinity"],
  2,
  /Expected --eta to be finite numbers separated by commas, received "1,Infinity"/,
);
test(
  "an eta that is no number is exit 2",
  fails,
  {},
  ["label", "--eta", "1,NaN"],
  2,
  /Expected --eta to be finite numbers/,
);
test(
  "a split rule that is none is exit 2",
  fails,
  { "p.jsonl": problem("a") },
  [...rollout, "--problems", "@p.jsonl", "--split", "sentence"],
  2,
  /Expected --split to be newline, blank-line/,
);
test(
  "a missing required option is exit 2 and named",
  fails,
  {},
  ["rollout", "--problems", "p.jsonl", "--out", "run"],
  2,
  /Expected --policy to be given/,
);
test(
  "label without an input is exit 2",
  fails,
  {},
  ["label", "--out", "run"],
  2,
  /Expected one of --solutions, --problems and --from, received none/,
);
test(
  "label with two inputs is exit 2",
  fails,
  {},
  ["label", "--solutions", "a", "--from", "b", "--out", "run"],
  2,
  /received --solutions and --from/,
);
test(
  "a flag that has no effect is refused, not ignored",
  fails,
  {},
  ["label", "--solutions", "a", "--temperature", "1", "--out", "run"],
  2,
  /no --temperature together with --solutions/,
);
test(
  "a missing file of problems is exit 2 and named",
  fails,
  {},
  [...rollout, "--problems", "@none.jsonl"],
  2,
  /Expected a file at .*none\.jsonl/,
);
test(
  "broken JSON is exit 2 with file and line",
  fails,
  { "p.jsonl": `${["a", "b", "c", "d", "e", "f"].map(problem).join("")}{"id":"g","question":\n` },
  [...rollout, "--problems", "@p.jsonl"],
  2,
  /p\.jsonl line 7/,
);
test(
  "a problem without an answer is exit 2 with file, line and field",
  fails,
  { "p.jsonl": `${problem("a")}{"id":"b","question":"What?"}\n` },
  [...rollout, "--problems", "@p.jsonl"],
  2,
  /Expected answer .* in .*p\.jsonl line 2/,
);
test(
  "a missing model is exit 2 and named",
  fails,
  { "p.jsonl": problem("a") },
  [...rollout, "--problems", "@p.jsonl"],
  2,
  /Expected a model directory or a \.gguf file at .*model/,
);
test(
  "a model directory without a tokenizer is exit 2 and says so",
  fails,
  { "p.jsonl": problem("a"), "model/config.json": "{}", "model/model.safetensors": "" },
  [...rollout, "--problems", "@p.jsonl"],
  2,
  /tokenizer\.json/,
);
test(
  "a GGUF file that is cut short is exit 2 and named",
  fails,
  { "p.jsonl": problem("a"), "model.gguf": Buffer.from("GGUF\x03\x00\x00\x00\x10\x00", "latin1") },
  ["rollout", "--policy", "@model.gguf", "--out", "@run", "--problems", "@p.jsonl"],
  2,
  /model\.gguf/,
);
// Builds with CUDA look for the card itself, once the model is read.
(loadNative().buildInfo.cuda ? test.skip : test)(
  "a device that is not there is exit 3",
  fails,
  { "p.jsonl": problem("a"), "model/config.json": "{}" },
  [...rollout, "--problems", "@p.jsonl", "--device", "cuda"],
  3,
  /Expected device to be a device of this build \(cpu\), received "cuda"/,
);
for (const path of ["file", "file/run"]) {
  test(
    `an output directory where a file stands (${path}) is exit 2`,
    fails,
    { file: "", "l.jsonl": labels },
    ["label", "--from", "@l.jsonl", "--out", `@${path}`],
    2,
    /Expected a directory, or nothing yet, at .*file.*, found a file/,
  );
}
const testInProc = existsSync("/proc/self/status") ? test : test.skip;
testInProc(
  "an output directory that the file system does not make is exit 3",
  fails,
  { "l.jsonl": labels },
  ["label", "--from", "@l.jsonl", "--out", "/proc/erprm-run"],
  3,
  /Could not create the directory \/proc\/erprm-run/,
);
test(
  "a directory with other files is exit 4",
  fails,
  { "l.jsonl": labels, "run/thesis.tex": "" },
  ["label", "--from", "@l.jsonl", "--out", "@run"],
  4,
  /found thesis\.tex/,
);
test(
  "an export to a format that cannot hold the label is exit 2",
  fails,
  { "l.jsonl": labels },
  ["export", "--format", "math-shepherd", "--target", "soft", "--labels", "@l.jsonl"],
  2,
  /Expected target to be hard/,
);
test(
  "an unknown format is exit 2 and lists those that are known",
  fails,
  {},
  ["import", "--format", "csv", "--input", "x"],
  2,
  /Expected --format to be one of math-shepherd, er-prm/,
);
test(
  "a configuration file with an unknown key is exit 2 with line and column",
  fails,
  { "c.yaml": "eta: [1]\nnum-solution: 3\n" },
  ["label", "--config", "@c.yaml"],
  2,
  /c\.yaml:2:1 Unknown option num-solution \(did you mean num-solutions\?\)/,
);

test("another run's directory is exit 4; --force starts over", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels });
  const run = (...args: string[]) =>
    runCli(["label", "--from", join(folder, "l.jsonl"), "--out", join(folder, "run"), ...args]);
  t.is((await run("--eta", "1")).code, 0);
  const other = await run("--eta", "2");
  t.is(other.code, 4);
  t.regex(other.stderr, /option labels was .*er:1.* and is now .*er:2/);
  t.is((await run("--eta", "2", "--force")).code, 0);
});

test("the same command on a finished run does nothing and says so", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels });
  const args = ["label", "--from", join(folder, "l.jsonl"), "--out", join(folder, "run"), "--json"];
  const first = JSON.parse((await runCli(args)).stdout) as Record<string, unknown>;
  const second = JSON.parse((await runCli(args)).stdout) as Record<string, unknown>;
  t.false(first.alreadyComplete);
  t.deepEqual(second, { ...first, alreadyComplete: true });
});

test("labels computed anew from counts hand on the prompt of the run that they come from", async (t) => {
  const origin = { status: "complete", stage: "label", options: { instruction: "" }, outputs: ["labels.jsonl"] };
  const folder = makeFolder(t, { "labels.jsonl": labels, "manifest.json": JSON.stringify(origin) });
  const args = ["label", "--from", join(folder, "labels.jsonl"), "--out", join(folder, "run")];
  const { code, stderr } = await runCli(args);
  t.is(code, 0, stderr);
  const { options } = JSON.parse(readFileSync(join(folder, "run", "manifest.json"), "utf8"));
  t.is(options.instruction, "");
});

test("changed input makes it another run (exit 4)", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels });
  const args = ["label", "--from", join(folder, "l.jsonl"), "--out", join(folder, "run")];
  t.is((await runCli(args)).code, 0);
  writeFileSync(join(folder, "l.jsonl"), labels.replace('"numCorrect":3', '"numCorrect":2'));
  t.is((await runCli(args)).code, 4);
});

test("help is exit 0 on standard output, no command exit 2", async (t) => {
  for (const args of [["--help"], ["label", "--help"], ["help", "label"], ["help"]]) {
    const { code, stdout, stderr } = await runCli(args);
    t.is(code, 0, args.join(" "));
    t.regex(stdout, /Usage: erprm/);
    t.is(stderr, "");
  }
  const none = await runCli([]);
  t.is(none.code, 2);
  t.regex(none.stderr, /Usage: erprm/);
  t.regex((await runCli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});
