/** What docs/formats.md says of evaluation.json and evaluation.csv is compared with an evaluation that has every part. */
import test from "ava";
import { evaluationCsv } from "../../src/cli/evaluate/csv.js";
import { evaluateStage } from "../../src/stages/evaluate.js";
import { handLabelled, handScores, handSolutions } from "../support/evaluation-case.js";
import { inlineCode, readDocument, sectionOf, tableRows } from "../support/markdown.js";

const section = sectionOf(readDocument("docs/formats.md"), "Evaluations: `evaluation.json` and `evaluation.csv`");

const whole = evaluateStage({
  solutions: handSolutions,
  models: [
    {
      ...{
        name: "hand",
        source: "scores",
        path: "s.jsonl",
        fingerprint: "0".repeat(64),
        kind: "process",
        target: "er:1",
      },
      scores: handScores,
    },
  ],
  labels: handLabelled,
});

/** Every key of the value and of what is in it. */
function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

test("docs/formats.md explains every field of evaluation.json, and no top-level field that there is not", async (t) => {
  const evaluation = await whole;
  for (const part of ["methods", "comparisons", "calibration", "firstErrors", "lengths"] as const) {
    t.true(evaluation[part].length > 0, part);
  }
  const named = new Set(inlineCode(section).flatMap((code) => code.match(/\w+/g) ?? []));
  t.deepEqual(
    [...new Set(keysOf(evaluation))].filter((key) => !named.has(key)),
    [],
  );
  const explained = tableRows(section).flatMap(([cell = ""]) => inlineCode(cell));
  const isThere = new Set(keysOf(evaluation));
  const rules = ["computation"];
  t.deepEqual(
    explained.filter((name) => !isThere.has(name) && !rules.includes(name)),
    [],
  );
});

test("docs/formats.md names the columns and parts of evaluation.csv, in their order", async (t) => {
  const [head = "", ...rows] = evaluationCsv(await whole)
    .trimEnd()
    .split("\n");
  const paragraph = section.split("\n\n").find((text) => text.startsWith("The columns of")) ?? "";
  const codes = inlineCode(paragraph).slice(1);
  const parts = [...new Set(rows.map((row) => row.split(",")[0] as string))];
  t.deepEqual(
    codes.filter((code) => !parts.includes(code)),
    head.split(","),
  );
  t.deepEqual(codes.filter((code) => parts.includes(code)).sort(), parts.sort());
});
