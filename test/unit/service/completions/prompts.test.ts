import test from "ava";
import { readPrompts } from "../../../../src/service/completions/prompts.js";

test("a prompt is a text, texts, token ids or lists of them", (t) => {
  t.deepEqual(readPrompts("a"), { texts: ["a"] });
  t.deepEqual(readPrompts(["a", "b"]), { texts: ["a", "b"] });
  t.deepEqual(readPrompts([1, 2]), { tokenIds: [[1, 2]] });
  t.deepEqual(readPrompts([[1], [2, 3]]), { tokenIds: [[1], [2, 3]] });
});

const wrong: [unknown, string][] = [
  [[], "prompt"],
  [null, "prompt"],
  [5, "prompt"],
  [{}, "prompt"],
  [["a", 1], "prompt[1]"],
  [[1, "a"], "prompt[1]"],
  [[1, -1], "prompt[1]"],
  [[1, 1.5], "prompt[1]"],
  [[[1], []], "prompt[1]"],
  [[[1], "a"], "prompt[1]"],
  [[[1], [2, null]], "prompt[1][1]"],
];
for (const [value, field] of wrong) {
  test(`${JSON.stringify(value)} is refused, naming ${field}`, (t) => {
    t.like(
      t.throws(() => readPrompts(value)),
      { details: { status: 400, field } },
    );
  });
}
