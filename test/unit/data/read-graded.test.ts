import test from "ava";
import { type GradedSolution, readGraded, readPlacedScores } from "../../../src/data/read-graded.js";
import { readProcessBench } from "../../../src/data/read-process-bench.js";
import { writeRecords } from "../../../src/data/write-records.js";
import { handLabelled, handLabels, handScores, handSolutions, jsonLines } from "../../support/evaluation-case.js";
import { makeFolder } from "../../support/folder.js";

async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const record of records) found.push(record);
  return found;
}

test("solutions and label records are graded solutions alike; label records bring their counts", async (t) => {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(handSolutions), "l.jsonl": jsonLines(handLabels) });
  const without = ({ place, ...rest }: GradedSolution & { place?: unknown }) => rest;
  const solutions = await all(readGraded(`${folder}/s.jsonl`));
  t.deepEqual(
    solutions.map(without),
    handSolutions.map(({ answer, ...rest }) => rest),
  );
  t.deepEqual(
    solutions.map(({ place }) => place?.line),
    handSolutions.map((_, i) => i + 1),
  );
  t.deepEqual((await all(readGraded(`${folder}/l.jsonl`))).map(without), handLabelled);
});

test("label records of fewer completions say so", async (t) => {
  const allocation = { kind: "first-error", numCompletions: 4, minCompletions: 2 } as const;
  const [first, ...rest] = handLabels;
  const folder = makeFolder(t, { "l.jsonl": jsonLines([{ ...first, allocation }, ...rest]) });
  const found = await all(readGraded(`${folder}/l.jsonl`));
  t.deepEqual(
    found.map((one) => one.allocation),
    [allocation, ...rest.map(() => undefined)],
  );
});

test("a record without an outcome is refused by file and line, an imported one too", async (t) => {
  const { outcome, ...bare } = handSolutions[1] as (typeof handSolutions)[0];
  const {
    outcome: _,
    answer,
    ...imported
  } = { ...handLabels[0], origin: { format: "trl", fields: {} } } as never as {
    outcome: number;
    answer: string;
  };
  const folder = makeFolder(t, {
    "s.jsonl": jsonLines([handSolutions[0], bare]),
    "i.jsonl": jsonLines([imported]),
  });
  await t.throwsAsync(all(readGraded(`${folder}/s.jsonl`)), {
    code: "ERPRM_INVALID_DATA",
    message: /Expected outcome to be .*s\.jsonl line 2/,
  });
  await t.throwsAsync(all(readGraded(`${folder}/i.jsonl`)), { message: /only graded solutions.*i\.jsonl line 1/ });
});

test("two scores of one solution are refused, of two models too", async (t) => {
  const [first] = handScores;
  const folder = makeFolder(t, { "s.jsonl": jsonLines([first, { ...first, model: "other" }]) });
  await t.throwsAsync(all(readPlacedScores(`${folder}/s.jsonl`)), { message: /unique.*as in line 1, in .*line 2/ });
});

const bench = {
  ...{ id: "gsm8k-0", generator: "Q", problem: "Sue lives.", steps: ["One.", "Two."], final_answer_correct: false },
  label: 1,
};

test("ProcessBench records are read from JSON Lines and Parquet: first wrong step from 0, -1 where all is right", async (t) => {
  const folder = makeFolder(t);
  const records = [bench, { ...bench, id: "gsm8k-1", label: -1, final_answer_correct: true }];
  for (const name of ["b.jsonl", "b.parquet"]) {
    await writeRecords(`${folder}/${name}`, records);
    const found = await all(readProcessBench(`${folder}/${name}`));
    t.deepEqual(
      found.map(({ place, ...rest }) => rest),
      [1, -1].map((firstWrong, i) => ({
        ...{ problemId: `gsm8k-${i}`, index: 0, question: "Sue lives.", steps: ["One.\n\n", "Two."], firstWrong },
      })),
    );
  }
});

test("a ProcessBench record without steps, with a label that is no step or a repeated id is refused by line", async (t) => {
  const wrong: [unknown[], RegExp][] = [
    [[{ ...bench, steps: [] }], /at least one step.*line 1/],
    [[bench, { ...bench, id: "x", label: 2 }], /label to be an integer from -1 to 1, received 2.*line 2/],
    [[{ ...bench, label: undefined }], /label to be an integer/],
    [[bench, bench], /unique.*line 2/],
    [[{ ...bench, problem: "" }], /problem to be a non-empty string/],
  ];
  for (const [records, message] of wrong) {
    const folder = makeFolder(t, { "b.jsonl": jsonLines(records) });
    await t.throwsAsync(all(readProcessBench(`${folder}/b.jsonl`)), { code: "ERPRM_INVALID_DATA", message });
  }
});
