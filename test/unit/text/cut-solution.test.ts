import test from "ava";
import fc from "fast-check";
import { type RaggedBytes, raggedFrom, utf8Decode, utf8Encode } from "../../../src/text/bytes.js";
import { cutSolution } from "../../../src/text/cut-solution.js";
import { tokenizerJsonFromGguf } from "../../../src/text/gguf-tokenizer.js";
import { splitSteps } from "../../../src/text/split-steps.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import { createTokenizer } from "../../../src/text/tokenizer.js";
import { byteLevelMetadata } from "./fixtures.js";

const rules = ["newline", "blank-line", "step-number", "tag:\u043A\u0438", "auto"].map((flag) => parseStepRule(flag));
const newline = parseStepRule("newline");

/** A vocabulary whose token i has the bytes of `parts[i]`. */
function vocabulary(...parts: (string | number[])[]): RaggedBytes {
  return raggedFrom(parts.map((part) => (typeof part === "string" ? utf8Encode(part) : Uint8Array.from(part))));
}

test("a step ends with the token whose end is the step's", (t) => {
  const table = vocabulary("a", "\n", "b\n", "c", "");
  t.deepEqual(cutSolution([0, 1, 2, 3, 4], table, newline), {
    steps: ["a\n", "b\n", "c"],
    stepEnds: [2, 3, 5],
    numMoved: 0,
  });
});

test("a token that reaches over a step's end takes the next step's first bytes with it", (t) => {
  const table = vocabulary("a", "\nb", " c", "\n", "d");
  t.deepEqual(cutSolution([0, 1, 2, 3, 4], table, newline), {
    steps: ["a\nb", " c\n", "d"],
    stepEnds: [2, 4, 5],
    numMoved: 1,
  });
});

test("a cut inside a UTF-8 character moves to the next clean token end", (t) => {
  const [b0, b1, b2, b3] = utf8Encode("\u{1F600}") as unknown as [number, number, number, number];
  const table = vocabulary([0x61, 0x0a, b0], [b1, b2], [b3], " x");
  t.deepEqual(cutSolution([0, 1, 2, 3], table, newline), {
    steps: ["a\n\u{1F600}", " x"],
    stepEnds: [3, 4],
    numMoved: 1,
  });
});

test("two steps that end in one token are one step", (t) => {
  const table = vocabulary("a", "\nb\nc", "d");
  t.deepEqual(cutSolution([0, 1, 2], table, newline), { steps: ["a\nb\nc", "d"], stepEnds: [2, 3], numMoved: 2 });
});

test("an end token, and white space that a moved end leaves over, belong to the last step", (t) => {
  const table = vocabulary("a", "\nb", "\n", "");
  t.deepEqual(cutSolution([0, 1, 2, 3], table, newline), { steps: ["a\nb\n"], stepEnds: [4], numMoved: 1 });
});

test("an end token alone is one empty step; no tokens are no steps", (t) => {
  const table = vocabulary("a", "");
  t.deepEqual(cutSolution([1], table, newline), { steps: [""], stepEnds: [1], numMoved: 0 });
  t.deepEqual(cutSolution([], table, newline), { steps: [], stepEnds: [], numMoved: 0 });
});

test("ids beyond the table have no bytes; negative ids are refused", (t) => {
  const table = vocabulary("a\n", "b");
  t.deepEqual(cutSolution([0, 7, 1], table, newline).stepEnds, [1, 3]);
  t.throws(() => cutSolution([0, -1], table, newline), { code: "ERPRM_INVALID_ARGUMENT", message: /tokenIds\[1\]/ });
});

const pieces = [
  "a",
  "b.",
  "\n",
  "\n\n",
  " \n",
  "x\n",
  "\ny",
  "Step 1:",
  "Step",
  " 2",
  ":",
  " ",
  "\u043A\u0438",
  "\\[",
  "\\]",
  "$$",
];
const bytePieces = [
  [0xd0],
  [0xba],
  [0xd0, 0xb8],
  [0xf0, 0x9f],
  [0x98],
  [0x80, 0x0a],
  [0xff],
  [0x0a, 0xe4],
  [0xb8, 0xad],
];
const table = vocabulary(...pieces, ...bytePieces, "");
const anySolution = fc.array(fc.nat({ max: table.offsets.length - 2 }), { minLength: 1, maxLength: 40 });

for (const rule of rules) {
  test(`${rule.kind}: step ends strictly rise and end at the number of tokens`, (t) => {
    fc.assert(
      fc.property(anySolution, (ids) => {
        const { stepEnds, steps } = cutSolution(ids, table, rule);
        const rises = stepEnds.every((end, index) => end > (stepEnds[index - 1] ?? 0));
        return rises && stepEnds.at(-1) === ids.length && stepEnds.length === steps.length;
      }),
    );
    t.pass();
  });

  test(`${rule.kind}: the steps are the decoded tokens, no character is split`, (t) => {
    fc.assert(
      fc.property(anySolution, (ids) => {
        const whole = utf8Decode(
          Buffer.concat(ids.map((id) => table.values.subarray(table.offsets[id], table.offsets[id + 1]))),
        );
        const { steps } = cutSolution(ids, table, rule);
        return steps.join("") === whole && (steps.length === 1 || steps.every((step) => /[^ \t\n\r]/.test(step)));
      }),
    );
    t.pass();
  });
}

test("where tokens are single bytes, the cut is the split of the text", (t) => {
  const bytes = raggedFrom(Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)));
  const text = fc
    .array(fc.constantFrom("a", "\n", "\n\n", " ", "Step 1:", "\u043A\u0438", "\u{1F600}", "\\[", "\\]"), {
      minLength: 1,
      maxLength: 30,
    })
    .map((parts) => parts.join(""));
  for (const rule of rules) {
    fc.assert(
      fc.property(text, (solution) => {
        const { steps, numMoved } = cutSolution(utf8Encode(solution), bytes, rule);
        return numMoved === 0 && JSON.stringify(steps) === JSON.stringify(splitSteps(solution, rule));
      }),
    );
  }
  t.pass();
});

test("with a real vocabulary the cut of sampled tokens keeps their ids", async (t) => {
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(byteLevelMetadata("smollm")), "x");
  const text = "First we add 2 + 3 = 5.\n\nThen \\[\n5 * 2\n\n= 10\n\\]\n\nThe answer is \\boxed{10}.";
  const end = tokenizer.tokenToId("<|im_end|>") as number;
  const ids = [...tokenizer.encode(text), end];
  const { steps, stepEnds } = cutSolution(ids, tokenizer.tokenBytes(), parseStepRule("auto"));
  t.is(steps.length, 3);
  t.is(steps.join(""), text);
  let from = 0;
  for (const [index, to] of stepEnds.entries()) {
    t.is(tokenizer.decode(ids.slice(from, to), { skipSpecialTokens: true }), steps[index] as string);
    from = to;
  }
});
