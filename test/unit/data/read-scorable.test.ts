import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readScorable } from "../../../src/data/read-scorable.js";
import { collect } from "../../support/fake-policy.js";
import { makeFolder } from "../../support/folder.js";

const common = { problemId: "p", question: "2 + 3?" };
const read = async (t: ExecutionContext, ...values: unknown[]) => {
  const folder = makeFolder(t, { "s.jsonl": values.map((record) => JSON.stringify(record)).join("\n") });
  const records = await collect(readScorable(join(folder, "s.jsonl")));
  return records.map(({ place, ...record }, i) => {
    t.deepEqual(place, { file: join(folder, "s.jsonl"), line: i + 1 });
    return record;
  });
};

test("solutions, labelled solutions and records with nothing but steps are read", async (t) => {
  const steps = ["It is 5.\n", "So 5."];
  const objects = steps.map((text) => ({ text, numCompletions: 2, numCorrect: 1 }));
  t.deepEqual(
    await read(
      t,
      { ...common, index: 0, answer: "5", steps, outcome: 1, finishReason: "stop" },
      { ...common, index: 1, steps: objects, labels: { hard: [1, 1] }, outcome: 0 },
      { ...common, index: 2, steps },
      { ...common, index: 3, steps: [] },
    ),
    [
      { ...common, index: 0, steps, outcome: 1 },
      { ...common, index: 1, steps, outcome: 0 },
      { ...common, index: 2, steps },
      { ...common, index: 3, steps: [] },
    ],
  );
});

test("what is wrong is named with its field and line", async (t) => {
  const good = { ...common, index: 0, steps: ["a"] };
  for (const [bad, field] of [
    [{ ...good, index: 1, steps: "a" }, "steps"],
    [{ ...good, index: 1, steps: ["a", { text: "b" }] }, "steps[0]"],
    [{ ...good, index: 1, steps: [{ numCorrect: 1 }] }, "text"],
    [{ ...good, index: 1, outcome: 2 }, "outcome"],
    [good, "index"],
  ] as const) {
    const error = await t.throwsAsync(read(t, good, bad), { code: "ERPRM_INVALID_DATA", message: /line 2/ });
    t.true(error?.message.includes(field), error?.message);
  }
});
