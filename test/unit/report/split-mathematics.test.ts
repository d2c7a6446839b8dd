import test from "ava";
import fc from "fast-check";
import { hasMathematics, splitMathematics } from "../../../src/report/split-mathematics.js";

const formulas = (text: string) =>
  splitMathematics(text).flatMap(({ kind, text: inner }) => (kind === "text" ? [] : [`${kind}: ${inner}`]));

test("dollars, brackets and boxes hold mathematics", (t) => {
  t.deepEqual(formulas("so $x^2 = 4$, \\(y\\) and \\[z\\] or $$w$$"), [
    "inline: x^2 = 4",
    "inline: y",
    "display: z",
    "display: w",
  ]);
  t.deepEqual(formulas("The answer is \\boxed{\\frac{1}{2}}."), ["inline: \\boxed{\\frac{1}{2}}"]);
  t.deepEqual(formulas("$\\boxed{3}$"), ["inline: \\boxed{3}"]);
  t.deepEqual(formulas("It is $5 \\text{ dollars and cents}$ now"), ["inline: 5 \\text{ dollars and cents}"]);
});

test("prices are not mathematics", (t) => {
  for (const text of [
    "Tom has $5 and buys 3 pens for $1 each.",
    "It costs $10.",
    "from $5 to 6$ a day or more$",
    "She pays $20 for apples,$30 for pears",
    "a \\$5 note and a \\$10 note",
    "$ 5 $",
    "5$ and then\nanother 5$",
  ]) {
    t.deepEqual(formulas(text), [], text);
    t.false(hasMathematics(text), text);
  }
});

test("what is not closed stays text", (t) => {
  for (const text of ["\\[ x", "\\( x \\]", "\\boxed{1", "$$x", "\\boxed{\\}"]) t.deepEqual(formulas(text), [], text);
});

/** What stands around a part in the text, by its kind. */
const delimiters = {
  text: [["", ""]],
  inline: [
    ["\\(", "\\)"],
    ["$", "$"],
    ["", ""],
  ],
  display: [
    ["$$", "$$"],
    ["\\[", "\\]"],
  ],
} as const;

test("the parts say all that the text says", (t) => {
  const pieces = fc.constantFrom(
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\boxed{",
    "{",
    "}",
    "\\",
    " ",
    "a",
    "5",
    "\n",
    "word ",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 24 }), (all) => {
      const text = all.join("");
      let at = 0;
      for (const { kind, text: part } of splitMathematics(text)) {
        const around = delimiters[kind].find(([open, close]) => text.startsWith(`${open}${part}${close}`, at));
        t.truthy(around, `${kind} ${JSON.stringify(part)} at ${at} of ${JSON.stringify(text)}`);
        at += part.length + (around ?? []).join("").length;
      }
      t.is(at, text.length);
    }),
  );
});
