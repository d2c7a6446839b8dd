import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readProblems } from "../../../src/data/read-problems.js";
import { writeRecords } from "../../../src/data/write-records.js";
import type { ErprmError } from "../../../src/errors.js";
import { collect, temporaryDirectory } from "./temporary-directory.js";

const gsm8k = {
  question: "Janet's ducks lay 16 eggs a day. She eats three and bakes with four. How much for the rest at $2 each?",
  answer: "She sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe makes 9 * 2 = $<<9*2=18>>18 a day.\n#### 18",
};
const math = {
  problem: "Convert the point $(0,3)$ to polar coordinates.",
  solution: "We have $r = 3.$ So it is $\\boxed{\\left( 3, \\frac{\\pi}{2} \\right)}.$",
  answer: "\\left( 3, \\frac{\\pi}{2} \\right)",
  subject: "Precalculus",
  level: 2,
  unique_id: "test/precalculus/807.json",
};

async function problemsOf(t: Parameters<typeof temporaryDirectory>[0], name: string, records: unknown[]) {
  const path = join(temporaryDirectory(t), name);
  await writeRecords(path, records);
  return collect(readProblems(path));
}

test("GSM8K problems get the text after #### as answer, the text before as solution, and ids from the file name", async (t) => {
  const problems = await problemsOf(t, "gsm8k_test.jsonl", [
    gsm8k,
    { query: "Q?", response: "So 1,000.\n#### 1,000\nThe answer is: 1,000" },
  ]);
  t.deepEqual(problems, [
    { id: "gsm8k-test-0", question: gsm8k.question, answer: "18", solution: gsm8k.answer.split("\n####")[0] as string },
    { id: "gsm8k-test-1", question: "Q?", answer: "1,000", solution: "So 1,000." },
  ]);
});

test("MATH problems keep their unique id and reference answer", async (t) => {
  const [problem] = await problemsOf(t, "math500.parquet", [math]);
  t.deepEqual(problem, { id: math.unique_id, question: math.problem, answer: math.answer, solution: math.solution });
});

test("MATH problems without an answer field take the last boxed content, braces matched", async (t) => {
  const { answer: _, unique_id: __, ...original } = math;
  const [problem, escaped] = await problemsOf(t, "train.jsonl", [
    { ...original, solution: `First \\boxed{1}, then ${math.solution}` },
    { ...original, solution: "It is $\\boxed{\\{1, 2\\}}$." },
  ]);
  t.is(problem?.answer, math.answer);
  t.is(problem?.id, "train-0");
  t.is(escaped?.answer, "\\{1, 2\\}");
});

test("our own problems are read as they are written, ids kept", async (t) => {
  const own = [
    { id: "a", question: "1+1?", answer: "2" },
    { id: "b", question: "What is #### ?", answer: "#### is a mark", solution: "s" },
  ];
  t.deepEqual(await problemsOf(t, "own.json.gz", own), own);
});

test("limit stops before anything after it is looked at", async (t) => {
  const path = join(temporaryDirectory(t), "own.jsonl");
  writeFileSync(path, `${JSON.stringify(gsm8k)}\n${JSON.stringify(gsm8k)}\n{broken`);
  t.is((await collect(readProblems(path, { limit: 2 }))).length, 2);
  await t.throwsAsync(collect(readProblems(path, { limit: 3 })));
  await t.throwsAsync(collect(readProblems(path, { limit: 0 })), { message: /limit/ });
});

for (const [what, record, field] of [
  ["without an answer", { id: "a", question: "q" }, "answer"],
  ["with an empty answer", { id: "a", question: "q", answer: " " }, "answer"],
  ["with a null answer", { id: "a", question: "q", answer: null }, "answer"],
  ["with a number for an answer", { id: "a", question: "q", answer: 18 }, "answer"],
  ["without a question", { answer: "5" }, "question"],
  ["with a number for an id", { id: 5, question: "q", answer: "5" }, "id"],
  ["of GSM8K with nothing after ####", { question: "q", answer: "so\n#### " }, "answer"],
  ["of the query form without ####", { query: "q", response: "five" }, "response"],
  ["of MATH with neither answer nor box", { problem: "q", solution: "five" }, "answer"],
  ["with a solution that is no text", { question: "q", answer: "5", solution: ["5"] }, "solution"],
] as const) {
  test(`a problem ${what} is an error with file, line and field`, async (t) => {
    const path = join(temporaryDirectory(t), "own.jsonl");
    writeFileSync(path, `{"question":"q","answer":"5"}\n\n${JSON.stringify(record)}\n`);
    const error = await t.throwsAsync<ErprmError>(collect(readProblems(path)));
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.deepEqual(error.details, { file: path, line: 3, field });
    t.regex(error.message, new RegExp(`^Expected ${field} to be .*, received .*own.jsonl line 3$`));
  });
}

test("a repeated id is an error that names both lines", async (t) => {
  const path = join(temporaryDirectory(t), "own.jsonl");
  writeFileSync(path, '{"id":"a","question":"q","answer":"5"}\n{"id":"a","question":"r","answer":"6"}\n');
  const error = await t.throwsAsync<ErprmError>(collect(readProblems(path)));
  t.is(error.details.line, 2);
  t.regex(error.message, /"a" as in line 1/);
});

test("a record that is no object and a file without records are errors", async (t) => {
  const path = join(temporaryDirectory(t), "own.jsonl");
  writeFileSync(path, "[1]\n");
  t.is((await t.throwsAsync<ErprmError>(collect(readProblems(path)))).code, "ERPRM_INVALID_DATA");
  writeFileSync(path, "\n");
  t.regex((await t.throwsAsync<ErprmError>(collect(readProblems(path)))).message, /at least one problem/);
});
