import test from "ava";
import { parseSearchRecord } from "../../../src/search/search-record.js";

const place = { file: "search.jsonl", line: 3 };
const level = { prefixes: 1, completions: 4, tokens: 20, thrownAway: 0, ended: 1, unreadable: 0, kept: [0.5] };
const solution = {
  ...{ finalAnswer: "4", outcome: 1, finishReason: "stop", numTokens: 5, stepScores: [0.5] },
  scores: { min: 0.5, last: 0.5, mean: 0.5, product: 0.5 },
};
const record = {
  ...{ problemId: "p", index: 0, algorithm: "dvts", tokens: 20, end: "budget", chosen: 0 },
  levels: [level],
  solutions: [solution],
};

test("a record is read as it was written, with and without a chosen solution and answers", (t) => {
  t.deepEqual(parseSearchRecord(record, place), record as never);
  const { chosen: _, ...without } = record;
  const { finalAnswer: __, ...silent } = solution;
  const other = { ...without, solutions: [silent] };
  t.deepEqual(parseSearchRecord(other, place), other as never);
});

test("a record from before unreadable completions were counted had none", (t) => {
  const { unreadable: _, ...old } = level;
  t.deepEqual(parseSearchRecord({ ...record, levels: [old] }, place), record as never);
});

test("what is no record of a search is refused, naming file, line and field", (t) => {
  for (const [change, field] of [
    [{ algorithm: "mcts" }, "algorithm"],
    [{ end: "tired" }, "end"],
    [{ tokens: -1 }, "tokens"],
    [{ chosen: 1 }, "chosen"],
    [{ levels: [{ ...level, kept: [1.5] }] }, "levels[0].kept[0]"],
    [{ levels: 3 }, "levels"],
    [{ solutions: [{ ...solution, outcome: 2 }] }, "solutions[0].outcome"],
    [{ solutions: [{ ...solution, scores: { min: 0.5 } }] }, "solutions[0].scores.last"],
    [{ problemId: "" }, "problemId"],
  ] as const) {
    const error = t.throws(() => parseSearchRecord({ ...record, ...change }, place), { code: "ERPRM_INVALID_DATA" });
    t.true(error?.message.includes(field), `${field}: ${error?.message}`);
    t.regex(error?.message ?? "", /search\.jsonl.*3/);
  }
});
