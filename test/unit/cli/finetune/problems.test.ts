import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { finetuneProblems } from "../../../../src/cli/finetune/problems.js";
import { makeFolder } from "../../../support/folder.js";

const lines = (count: number, questionOf = (i: number) => `q${i}`) =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: `p${i}`, question: questionOf(i), answer: "1" })).join(
    "\n",
  );
const file = (t: ExecutionContext, content: string) => join(makeFolder(t, { "p.jsonl": content }), "p.jsonl");
const options = { limit: undefined, seed: 3, heldOut: 0.2 };

test("the held-out share is drawn by id and seed, and no problem is on both sides", async (t) => {
  const path = file(t, lines(20));
  const { training, heldOut, numShared } = await finetuneProblems(path, undefined, options);
  t.deepEqual([training.length, heldOut.length, numShared], [16, 4, 0]);
  t.is(new Set([...training, ...heldOut].map(({ id }) => id)).size, 20);
  t.deepEqual((await finetuneProblems(path, undefined, options)).heldOut, heldOut);
  t.notDeepEqual((await finetuneProblems(path, undefined, { ...options, seed: 4 })).heldOut, heldOut);
  const first = await finetuneProblems(path, undefined, { ...options, limit: 10 });
  t.is(first.training.length + first.heldOut.length, 10);
});

test("a problem that asks what a held-out one asks is not trained on, whatever its id", async (t) => {
  const held = file(t, `${JSON.stringify({ id: "other", question: " q3\n", answer: "1" })}\n`);
  const { training, heldOut, numShared } = await finetuneProblems(file(t, lines(5)), held, options);
  t.deepEqual(
    training.map(({ id }) => id),
    ["p0", "p1", "p2", "p4"],
  );
  t.deepEqual([heldOut.length, numShared], [1, 1]);
  // Twice in one file: one may be held out, the other is then left out.
  const twice = await finetuneProblems(
    file(
      t,
      lines(20, (i) => `q${i % 10}`),
    ),
    undefined,
    options,
  );
  const asked = new Set(twice.heldOut.map(({ question }) => question));
  t.true(twice.training.every(({ question }) => !asked.has(question)));
  t.is(twice.training.length + twice.heldOut.length + twice.numShared, 20);
  t.true(twice.numShared > 0);
});

test("files in which nothing is left to train on, or nothing to hold out, are refused", async (t) => {
  const path = file(t, lines(3));
  await t.throwsAsync(finetuneProblems(path, path, options), { code: "ERPRM_INVALID_DATA", message: /all 3 ask/ });
  await t.throwsAsync(finetuneProblems(file(t, lines(1)), undefined, options), { code: "ERPRM_INVALID_DATA" });
});
