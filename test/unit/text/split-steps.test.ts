import test from "ava";
import fc from "fast-check";
import { byteString, utf8Encode } from "../../../src/text/bytes.js";
import { joinSteps, splitSteps, stepEndPositions } from "../../../src/text/split-steps.js";
import { formatStepRule, parseStepRule, type StepRule } from "../../../src/text/step-rule.js";

const flags = ["newline", "blank-line", "step-number", "tag:\u043A\u0438", "tag:<step>", "auto"];
const rules = flags.map((flag) => parseStepRule(flag));

/** Texts made of what the rules look for, so that every branch is met. */
const mathText = fc
  .array(
    fc.oneof(
      fc.constantFrom("\n", "\n\n", "\r\n", " ", "\t", "\n \n", "Step 1:", "Step 22. ", "**Step 3:** ", "\u043A\u0438"),
      fc.constantFrom(
        "$$",
        "\\[",
        "\\]",
        "\\begin{a}",
        "\\end{a}",
        "```\n",
        "```",
        "\\\\",
        "\\$",
        "<step>",
        "x = 1.",
        "\u{1F600}",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(""));

test("a flag is read, and written back", (t) => {
  for (const flag of flags) t.is(formatStepRule(parseStepRule(flag)), flag);
  t.deepEqual(parseStepRule("tag:a:b"), { kind: "tag", tag: "a:b" });
});

test("an unknown rule and a blank tag are refused, naming the flag", (t) => {
  for (const flag of ["", "lines", "tag", "tag:", "tag: "]) {
    t.throws(() => parseStepRule(flag), { code: "ERPRM_INVALID_ARGUMENT", message: /--split/ });
  }
});

test("splitting loses nothing, whatever the rule and the text", (t) => {
  for (const rule of rules) {
    fc.assert(fc.property(mathText, (text) => splitSteps(text, rule).join("") === text));
  }
  t.pass();
});

test("no step is white space alone, unless the whole text is", (t) => {
  for (const rule of rules) {
    fc.assert(
      fc.property(mathText, (text) => {
        const steps = splitSteps(text, rule);
        return steps.length <= 1 || steps.every((step) => /[^ \t\n\r\f\v]/.test(step));
      }),
    );
  }
  t.deepEqual(splitSteps("", { kind: "newline" }), []);
  t.deepEqual(splitSteps(" \n \n", { kind: "newline" }), [" \n \n"]);
});

test("text and its UTF-8 bytes are cut at the same places", (t) => {
  for (const rule of rules) {
    fc.assert(
      fc.property(mathText, (text) => {
        const steps = splitSteps(text, rule);
        let end = 0;
        const ends = steps.map((step) => (end += Buffer.byteLength(step)));
        const found = stepEndPositions(byteString(utf8Encode(text)), rule, { asBytes: true });
        return JSON.stringify(found) === JSON.stringify(ends);
      }),
    );
  }
  t.pass();
});

const cases: [claim: string, flag: string, steps: string[]][] = [
  ["a line is a step, its line end included", "newline", ["First.\n", "Second.\r\n", "Third."]],
  ["blank lines belong to the step before", "newline", ["First.\n\n \n", "Second.\n"]],
  ["blank lines at the start belong to the first step", "newline", ["\n\nFirst.\n", "Second."]],
  ["white space at the end belongs to the last step", "newline", ["First.\n", "Second.\n  \n"]],
  ["a paragraph is a step, its blank lines included", "blank-line", ["One.\nTwo.\n\n", "Three.\n \t\n\n", "Four."]],
  ["blank lines may end with CRLF", "blank-line", ["One.\r\n\r\n", "Two."]],
  ["the indentation of a paragraph is its own", "blank-line", ["One.\n\n", "  Two."]],
  ["a line Step k: opens a step", "step-number", ["Step 1: a\nb\n\n", "Step 2: c\n", "Step 10. d"]],
  ["Markdown may decorate a step's heading", "step-number", ["## Step 1: a\n", "**Step 2:** b\n", "- step 3) c"]],
  ["what stands before the first heading is a step", "step-number", ["Let us see.\n", "Step 1: a"]],
  [
    "the words step and number alone open nothing",
    "step-number",
    ["Step 1: In step 2: no\nStep by step: no\nStep 3 is no"],
  ],
  [
    "a step ends with its tag and the line ends after it",
    "tag:\u043A\u0438",
    ["a \u043A\u0438\n", "b \u043A\u0438\n\n", "c \u043A\u0438"],
  ],
  ["a space after a tag belongs to the next word", "tag:<s>", ["a <s>", " b <s>", " c"]],
  ["a tag may hold what a pattern would read", "tag:[.*]", ["a.b [.*]\n", "c [.*]"]],
  ["displayed mathematics is not cut", "newline", ["So\n", "\\[\nx\n= 1\n\\]\n", "and\n", "$$a\n\nb$$ end\n", "done"]],
  [
    "an environment is not cut, nor one within it",
    "newline",
    ["\\begin{aligned}\n\\begin{aligned}\na\\\\\n\\end{aligned}\nb\n\\end{aligned}\n", "done"],
  ],
  [
    "code is not cut, and its fence opens a step of its own",
    "newline",
    ["Code:\n", "```py\na = 1\n\nb = 2\n```\n", "done"],
  ],
  ["a formula that never closes protects nothing", "newline", ["\\[\n", "x\n", "$$ y\n", "\\begin{a}\n", "```\n", "z"]],
  ["an unclosed environment does not hide a closed one", "newline", ["\\begin{a}\n", "\\begin{a}\n1\n\\end{a}\n", "z"]],
  ["a line break with a length is no formula", "newline", ["a \\\\[4pt]\n", "b \\]\n", "c"]],
  ["an escaped dollar opens nothing", "newline", ["It costs \\$$5\n", "or $$\n", "c"]],
  ["paragraphs are not cut inside a formula", "blank-line", ["a \\[ x\n\ny \\] b\n\n", "c"]],
  ["auto takes paragraphs when there are three", "auto", ["a\nb\n\n", "c\n\n", "d"]],
  ["auto takes lines when a single blank line sets off the closing", "auto", ["a\n", "b\n", "c\n\n", "d"]],
];
for (const [claim, flag, steps] of cases) {
  test(`${flag}: ${claim}`, (t) => t.deepEqual(splitSteps(steps.join(""), parseStepRule(flag)), steps));
}

test("a long text of unclosed openings, rules or spaces is split in a moment", (t) => {
  const text = "\\[ $$ \\begin{a} \\begin{b}\n```\n~~~~\n".repeat(20_000);
  const start = performance.now();
  splitSteps(text, { kind: "newline" });
  splitSteps(`\n${"-- ".repeat(200_000)}`, { kind: "step-number" });
  splitSteps(`\n${" ".repeat(200_000)}`, { kind: "blank-line" });
  t.true(performance.now() - start < 2000);
});

test("steps from elsewhere are joined with the rule's delimiter where they have none", (t) => {
  t.deepEqual(joinSteps(["a", "b\n", "c"], { kind: "newline" }), ["a\n", "b\n", "c"]);
  t.deepEqual(joinSteps(["a", "b ", "c"], { kind: "blank-line" }), ["a\n\n", "b ", "c"]);
  t.deepEqual(joinSteps(["a", "b"], { kind: "auto" }), ["a\n", "b"]);
  t.deepEqual(joinSteps(["a\nb", "c"], { kind: "auto" }), ["a\nb\n\n", "c"]);
});

test("with a tag every joined step carries it once, the last one too", (t) => {
  const rule: StepRule = { kind: "tag", tag: "\u043A\u0438" };
  t.deepEqual(joinSteps(["a", "b \u043A\u0438", "c\n"], rule), [
    "a \u043A\u0438\n",
    "b \u043A\u0438\n",
    "c \u043A\u0438",
  ]);
});

test("joined steps split into the same steps again", (t) => {
  const line = fc.stringMatching(/^[a-z0-9 =+.]{0,12}[a-z0-9.]$/);
  for (const rule of [rules[0], rules[1], rules[3]] as StepRule[]) {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (steps) => {
        const joined = joinSteps(steps, rule);
        return JSON.stringify(splitSteps(joined.join(""), rule)) === JSON.stringify(joined);
      }),
    );
  }
  t.pass();
});
