import { join } from "node:path";
import test from "ava";
import { importScript } from "../../../support/script.js";

interface Options {
  stages: string[];
  again: string[];
  out: string;
  python: string;
  packedPython?: string;
}
const { help, readOptions } = await importScript<{
  help(stages: object[]): string;
  readOptions(args: string[], stages: object[], root: string): Options;
}>("device-check/options.mjs");

const stages = [
  { name: "environment", seconds: 120, always: true },
  { name: "build", seconds: 560, always: true },
  { name: "tests", seconds: 400 },
  { name: "benches", seconds: 200 },
];
const read = (...args: string[]) => readOptions(args, stages, "/root");

test("stages are chosen by name, in the order of the whole; environment and build are always among them", (t) => {
  t.deepEqual(read().stages, ["environment", "build", "tests", "benches"]);
  t.deepEqual(read("--only", "benches,tests").stages, ["environment", "build", "tests", "benches"]);
  t.deepEqual(read("--only", "benches").stages, ["environment", "build", "benches"]);
  t.deepEqual(read("--skip", "tests,build").stages, ["environment", "benches"]);
  t.deepEqual(read("--again", "tests").stages, ["environment", "build", "tests"]);
  t.deepEqual(read("--again", "tests", "--resume").stages, ["environment", "build", "tests", "benches"]);
  t.deepEqual(read("--again", "tests", "--only", "benches").stages, ["environment", "build", "tests", "benches"]);
  t.deepEqual(read("--again", "tests").again, ["tests"]);
});

test("each device has a folder of its own", (t) => {
  t.is(read().out, join("/root", "build/device-check/cuda"));
  t.is(read("--device", "cuda-emulated").out, join("/root", "build/device-check/cuda-emulated"));
  t.is(read("--out", "here").out, join(process.cwd(), "here"));
});

test("packages of Python are packed only where a Python is named", (t) => {
  t.like(read("--pack", "kit.tar.gz"), { python: "python3", packedPython: undefined });
  t.like(read("--pack", "kit.tar.gz", "--python", "py"), { python: "py", packedPython: "py" });
});

test("unknown names, devices and numbers are refused with what was expected", (t) => {
  const refused: [string[], RegExp][] = [
    [["--only", "test"], /Expected names of stages, received test/],
    [["--again", "test"], /Expected names of stages, received test/],
    [["--device", "rocm"], /Expected --device cuda or cuda-emulated, received rocm/],
    [["--minutes", "0"], /Expected --minutes to be a number above 0, received 0/],
    [["--threads", "2.5"], /Expected --threads to be a whole number above 0, received 2.5/],
    [["--none"], /none/],
  ];
  for (const [args, message] of refused) t.throws(() => read(...args), { name: "SetupError", message });
});

test("the help names every stage with its time, every option and the variables", (t) => {
  const text = help(stages);
  for (const { name, seconds } of stages) t.regex(text, new RegExp(`${name} +${seconds}\n`));
  for (const word of ["--again", "--python-version", "ERPRM_COMMIT", "ERPRM_LIBTORCH", "CUDA_HOME"])
    t.true(text.includes(word));
});
