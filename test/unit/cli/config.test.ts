import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readConfig } from "../../../src/cli/config.js";
import type { OptionSpec } from "../../../src/cli/option.js";
import { resolveOptions } from "../../../src/cli/stage-command.js";
import { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

const specs = [
  { name: "config", kind: { type: "text" }, help: "" },
  { name: "num-solutions", kind: { type: "integer", low: 1, high: 100 }, help: "", default: 16 },
  { name: "temperature", kind: { type: "number", low: 0, high: 2 }, help: "", default: 0.7 },
  { name: "kv-memory", kind: { type: "bytes" }, help: "" },
  { name: "dtype", kind: { type: "choice", choices: ["f32", "int8"] }, help: "", default: "f32" },
  { name: "eta", kind: { type: "numbers" }, help: "" },
  { name: "stop", kind: { type: "texts" }, help: "" },
  { name: "system", kind: { type: "text" }, help: "" },
  { name: "quiet", kind: { type: "switch" }, help: "", default: false },
] as const satisfies readonly OptionSpec[];

async function read(t: ExecutionContext, text: string): Promise<Record<string, unknown>> {
  const folder = makeFolder(t, { "c.yaml": text });
  return Object.fromEntries(await readConfig(join(folder, "c.yaml"), specs));
}

test("a file says what the flags say, in YAML's own types", async (t) => {
  const text = `
num-solutions: 4
temperature: 0.5
kv-memory: 512MiB
dtype: int8
eta: [0.5, 8]
stop: "###"
system: |
  Two
  lines
quiet: true
`;
  t.deepEqual(await read(t, text), {
    "num-solutions": 4,
    temperature: 0.5,
    "kv-memory": 512 * 2 ** 20,
    dtype: "int8",
    eta: [0.5, 8],
    stop: ["###"],
    system: "Two\nlines\n",
    quiet: true,
  });
  t.deepEqual(await read(t, ""), {});
  t.deepEqual(await read(t, '{"eta": 2, "kv-memory": 4096}'), { eta: [2], "kv-memory": 4096 });
});

const refuses = test.macro(async (t, text: string, message: RegExp, line: number) => {
  const error = await t.throwsAsync(read(t, text), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.regex(error?.message ?? "", message);
  t.is(error?.details.line, line);
});

test(
  "an unknown key is refused at its line and column, with a suggestion",
  refuses,
  "eta: 1\n\nnum-solution: 3\n",
  /c\.yaml:3:1 Unknown option num-solution \(did you mean num-solutions\?\)/,
  3,
);
test("a key that resembles none gets no suggestion", refuses, "flavour: 3\n", /c\.yaml:1:1 Unknown option flavour$/, 1);
test("--config cannot name another file", refuses, "config: other.yaml\n", /Unknown option config/, 1);
test(
  "a number out of range is refused at its value",
  refuses,
  "temperature: 2.5\n",
  /c\.yaml:1:14 temperature: Expected a number from 0 to 2, received 2\.5/,
  1,
);
test(
  "a value of another type is refused",
  refuses,
  'num-solutions: "many"\n',
  /Expected an integer from 1 to 100, received "many"/,
  1,
);
test(
  "a fraction is no integer",
  refuses,
  "num-solutions: 1.5\n",
  /Expected an integer from 1 to 100, received 1\.5/,
  1,
);
test("an infinite eta is refused", refuses, "eta: [1, .inf]\n", /eta: Expected finite numbers/, 1);
test("a choice that is none is refused", refuses, "dtype: f16\n", /Expected one of f32, int8, received "f16"/, 1);
test(
  "a size that is none is refused",
  refuses,
  "kv-memory: lots\n",
  /Expected a size such as 512MiB or 2GiB, received "lots"/,
  1,
);
test("broken YAML is refused where it breaks", refuses, "eta: 1\nstop: [a\n", /c\.yaml:\d+:\d+ /, 3);
test("a repeated key is refused", refuses, "eta: 1\neta: 2\n", /c\.yaml:2:1 .*unique/, 2);
test("a list is no set of options", refuses, "- eta\n", /Expected option names with values/, 1);

test("a missing file is ERPRM_NOT_FOUND", async (t) => {
  const error = await t.throwsAsync(readConfig(join(makeFolder(t), "none.yaml"), specs), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_NOT_FOUND");
});

test("flags win over the file, the file over defaults; who set what is known", async (t) => {
  const config = join(makeFolder(t, { "c.yaml": "num-solutions: 4\ntemperature: 0.1\n" }), "c.yaml");
  const { values, given } = await resolveOptions(specs, { config, temperature: 0.9 });
  t.is(values.numSolutions, 4);
  t.is(values.temperature, 0.9);
  t.is(values.dtype, "f32");
  t.is(values.quiet, false);
  t.is(values.eta, undefined);
  t.deepEqual([...given.flags], ["config", "temperature"]);
  t.deepEqual([...given.options], ["config", "num-solutions", "temperature"]);
});
