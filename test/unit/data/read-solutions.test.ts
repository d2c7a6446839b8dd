import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  readLabels,
  readLabelsLeniently,
  readPlacedSolutions,
  readScores,
  readSolutions,
} from "../../../src/data/read-solutions.js";
import { writeRecords } from "../../../src/data/write-records.js";
import type { ErprmError } from "../../../src/errors.js";
import type { LabelRecord, ScoreRecord, Solution } from "../../../src/types.js";
import { collect, temporaryDirectory } from "./temporary-directory.js";

const solution: Solution = {
  problemId: "gsm8k-test-0",
  index: 3,
  question: "How many?",
  answer: "18",
  steps: ["first\n", "second"],
  outcome: 1,
  finalAnswer: "18",
  finishReason: "stop",
  tokenIds: [5, 6, 7, 8],
  stepEnds: [2, 4],
  logProbability: -14.2,
};
const label: LabelRecord = {
  problemId: "gsm8k-test-0",
  index: 3,
  question: "How many?",
  answer: "18",
  outcome: 1,
  finalAnswer: "18",
  steps: [
    { text: "first\n", numCompletions: 16, numCorrect: 11 },
    { text: "second", numCompletions: 1, numCorrect: 1, terminal: true },
  ],
  labels: { hard: [1, 1], soft: [0.6875, 1], "er:1": [0.78, 1] },
  standardErrors: { soft: [0.1, 0], "er:1": [0.2, 0] },
};
const score: ScoreRecord = {
  problemId: "gsm8k-test-0",
  index: 3,
  model: "m",
  stepScores: [0.93, 0.71],
  scores: { min: 0.71, last: 0.71, mean: 0.82, product: 0.66 },
};

for (const ending of ["jsonl", "jsonl.zst", "parquet"]) {
  test(`solutions, labels and scores come back from .${ending} files`, async (t) => {
    const directory = temporaryDirectory(t);
    const path = join(directory, `a.${ending}`);
    const { finalAnswer: _, tokenIds: __, stepEnds: ___, ...small } = solution;
    await writeRecords(path, [solution, { ...small, index: 4 }]);
    t.deepEqual(await collect(readSolutions(path)), [solution, { ...small, index: 4 }]);
    await writeRecords(path, [label]);
    t.deepEqual(await collect(readLabels(path)), [label]);
    await writeRecords(path, [score]);
    t.deepEqual(await collect(readScores(path)), [score]);
  });
}

test("a label record without answer and outcome is read only when it was imported", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  const { answer: _, outcome: __, finalAnswer: ___, ...rest } = label;
  const imported = { ...rest, origin: { format: "trl", fields: { task: "x" } } };
  await writeRecords(path, [imported]);
  t.deepEqual(await collect(readLabels(path)), [imported as LabelRecord]);
  await writeRecords(path, [rest]);
  t.is((await t.throwsAsync<ErprmError>(collect(readLabels(path)))).details.field, "answer");
});

const wrongSolutions: [object, string][] = [
  [{ problemId: "" }, "problemId"],
  [{ index: -1 }, "index"],
  [{ index: 1.5 }, "index"],
  [{ question: 5 }, "question"],
  [{ answer: undefined }, "answer"],
  [{ steps: "first" }, "steps"],
  [{ steps: ["a", 5] }, "steps[1]"],
  [{ outcome: true }, "outcome"],
  [{ outcome: 0.5 }, "outcome"],
  [{ finishReason: "eos" }, "finishReason"],
  [{ tokenIds: [1, -2] }, "tokenIds[1]"],
  [{ stepEnds: [4] }, "stepEnds"],
  [{ stepEnds: [4, 2] }, "stepEnds"],
  [{ stepEnds: [2, 5] }, "stepEnds"],
  [{ logProbability: "x" }, "logProbability"],
];
const wrongLabels: [object, string][] = [
  [{ steps: [{ text: "a", numCompletions: 4, numCorrect: 5 }] }, "steps[0].numCorrect"],
  [{ steps: [{ numCompletions: 4, numCorrect: 5 }] }, "steps[0].text"],
  [{ steps: [{ text: "a", numCompletions: 1, numCorrect: 1, terminal: 1 }] }, "steps[0].terminal"],
  [{ labels: { hard: [1] } }, "labels.hard"],
  [{ labels: { hard: [1, 2] } }, "labels.hard[1]"],
  [{ labels: { smooth: [1, 1] } }, "the names in labels"],
  [{ labels: undefined }, "labels"],
  [{ standardErrors: { soft: [-1, 0] } }, "standardErrors.soft[0]"],
];

for (const [kind, record, read, wrongs] of [
  ["solution", solution, readSolutions, wrongSolutions],
  ["label record", label, readLabels, wrongLabels],
] as const) {
  for (const [change, field] of wrongs) {
    test(`a ${kind} with ${JSON.stringify(change)} is refused at ${field}`, async (t) => {
      const path = join(temporaryDirectory(t), "a.jsonl");
      writeFileSync(
        path,
        `${JSON.stringify(record)}\n${JSON.stringify({ ...record, ...change, ...("index" in change ? {} : { index: 9 }) })}\n`,
      );
      const error = await t.throwsAsync<ErprmError>(collect<unknown>(read(path)));
      t.is(error.code, "ERPRM_INVALID_DATA");
      t.deepEqual(error.details, { file: path, line: 2, field });
    });
  }
}

test("a solution that comes twice is refused, whichever other fields differ", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  await writeRecords(path, [solution, { ...solution, answer: "19" }]);
  const error = await t.throwsAsync<ErprmError>(collect(readSolutions(path)));
  t.is(error.details.line, 2);
  t.regex(error.message, /line 1/);
});

test("the lenient reader hands out records whose labels do not fit their steps, and refuses what the strict one does otherwise", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  const unfit: [Partial<LabelRecord>, string, RegExp][] = [
    [{ labels: { hard: [1] } }, "labels-and-tags-differ", /labels\.hard to be one number for each of the 2 steps/],
    [{ standardErrors: { soft: [] } }, "labels-and-tags-differ", /standardErrors\.soft/],
    [{ labels: { soft: [0.5, 1.5] } }, "label-out-of-range", /labels\.soft\[1\] to be a number from 0 to 1/],
    [{ labels: { soft: [null as never, 1] } }, "label-out-of-range", /labels\.soft\[0\]/],
    [{ steps: [{ text: "a", numCompletions: 4, numCorrect: 5 }], labels: {} }, "label-out-of-range", /numCorrect/],
  ];
  for (const [change, reason, found] of unfit) {
    await writeRecords(path, [
      { ...label, standardErrors: {}, ...change },
      { ...label, index: 4 },
    ]);
    const [first, second] = await collect(readLabelsLeniently(path));
    t.like(first, { problemId: label.problemId, index: 3, unfit: reason, place: { file: path, line: 1 } });
    t.regex((first as { found: string }).found, found);
    t.notRegex((first as { found: string }).found, / line 1$/);
    t.like(second, { ...label, index: 4, place: { file: path, line: 2 } });
    await t.throwsAsync(collect(readLabels(path)), { message: found });
  }
  const broken: object[] = [{ steps: 5 }, { question: 5 }, { labels: { what: [1, 1] } }, { problemId: "" }];
  for (const change of broken) {
    await writeRecords(path, [{ ...label, ...change }]);
    await t.throwsAsync(collect(readLabelsLeniently(path)), { message: /a\.jsonl line 1$/ }, JSON.stringify(change));
  }
  await writeRecords(path, [solution]);
  t.deepEqual(await collect(readPlacedSolutions(path)), [{ ...solution, place: { file: path, line: 1 } }]);
});
