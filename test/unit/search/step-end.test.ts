import test from "ava";
import {
  expectLocalRule,
  firstStepEnd,
  type LocalStepRule,
  solutionBytes,
  stepStops,
} from "../../../src/search/step-end.js";
import { raggedFrom, utf8Encode } from "../../../src/text/bytes.js";
import { splitSteps } from "../../../src/text/split-steps.js";

const bytesTable = raggedFrom(Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)));
const newline: LocalStepRule = { kind: "newline" };

/** The end among the bytes of `text`, one token each; the first `from` of them are the prefix. */
function endIn(text: string, rule: LocalStepRule, from = 0): number | undefined {
  return firstStepEnd(solutionBytes([...utf8Encode(text)], bytesTable), from, rule);
}

/** The same with tokens that are texts. */
function endAmong(tokens: string[], rule: LocalStepRule, from = 0): number | undefined {
  const table = raggedFrom(tokens.map(utf8Encode));
  return firstStepEnd(solutionBytes([...tokens.keys()], table), from, rule);
}

test("a line has ended with its line end, not before", (t) => {
  t.is(endIn("2 + 2 = 4", newline), undefined);
  t.is(endIn("2 + 2 = 4\n", newline), 10);
  t.is(endIn("a\nb\nc", newline), 2);
  t.is(endIn("a\nb\nc", newline, 2), 4);
  t.is(endIn("a\nb\nc", newline, 4), undefined);
});

test("a blank step has not ended: it goes on to the next end", (t) => {
  t.is(endIn("\n", newline), undefined);
  t.is(endIn("a\n\n", newline, 2), undefined);
  t.is(endIn("a\n\nb\n", newline, 2), 5);
});

test("a paragraph ends with its blank line", (t) => {
  const rule: LocalStepRule = { kind: "blank-line" };
  t.is(endIn("a\nb\n", rule), undefined);
  t.is(endIn("a\nb\n\n", rule), 5);
  t.is(endIn("a\n \nb\n\n", rule), 4);
});

test("a step ends with its tag", (t) => {
  const rule: LocalStepRule = { kind: "tag", tag: "ки" };
  t.is(endIn("a к", rule), undefined);
  t.is(endIn("a ки", rule), 6);
});

test("a step ends in front of the line that opens the next one, once that line says so", (t) => {
  const rule: LocalStepRule = { kind: "step-number" };
  t.is(endIn("Step 1: a\n", rule), undefined);
  t.is(endIn("Step 1: a\nStep 2", rule), undefined);
  t.is(endIn("Step 1: a\nb\nStep 2: c\n", rule), 12);
});

test("nothing ends inside a display block that is open, and the block's own end does", (t) => {
  t.is(endIn("so \\[\n", newline), undefined);
  t.is(endIn("so \\[\nx = 1\n", newline), undefined);
  t.is(endIn("so \\[\nx = 1\n\\]\n", newline), 15);
  t.is(endIn("\\begin{align}\na\n", newline), undefined);
  t.is(endIn("```\na\n", newline), undefined);
  t.is(endIn("a \\\\[2pt] b\n", newline), 12, "an escaped backslash opens nothing");
  t.is(endIn("5 \\$ and 6 \\$\n", newline), 14);
});

test("a step before the open block has ended", (t) => {
  t.is(endIn("a\nso \\[\n", newline), 2);
});

test("the token that reaches over the end belongs to the step", (t) => {
  t.is(endAmong(["a", ".\nB", "c"], newline), 2);
  t.is(endAmong(["a", ".\n", "c"], newline), 2);
});

test("nothing ends inside a character", (t) => {
  const table = raggedFrom([Uint8Array.of(97, 10, 0xc3), Uint8Array.of(0xa4), Uint8Array.of(10)]);
  t.is(firstStepEnd(solutionBytes([0], table), 0, newline), undefined);
  t.is(firstStepEnd(solutionBytes([0, 1], table), 0, newline), 2);
});

test("tokens without bytes end nothing", (t) => {
  t.is(firstStepEnd(solutionBytes([97, 300], bytesTable), 0, newline), undefined);
  t.is(firstStepEnd(solutionBytes([97, 10, 300], bytesTable), 0, newline), 2);
});

test("steps found one by one spell the text, as the steps of the whole solution do", (t) => {
  const text = "First.\nThen \\[\na\n\\]\nand $5.\n\nSo it is 5.\nThe answer is 5.";
  const tokens = [...utf8Encode(text)];
  const found: string[] = [];
  let from = 0;
  for (;;) {
    const end = firstStepEnd(solutionBytes(tokens, bytesTable), from, newline);
    found.push(Buffer.from(tokens.slice(from, end)).toString());
    if (end === undefined) break;
    from = end;
  }
  t.is(found.join(""), text);
  const trimmed = (steps: string[]) => steps.map((step) => step.trim());
  t.deepEqual(trimmed(found), trimmed(splitSteps(text, newline)));
});

test("every rule stops at texts without which no step ends; auto is refused", (t) => {
  t.deepEqual(stepStops(newline), ["\n"]);
  t.deepEqual(stepStops({ kind: "blank-line" }), ["\n\n"]);
  t.deepEqual(stepStops({ kind: "step-number" }), ["\n"]);
  t.deepEqual(stepStops({ kind: "tag", tag: "ки" }), ["ки"]);
  t.throws(() => expectLocalRule({ kind: "auto" }, "--split"), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /--split to be newline, blank-line, step-number or tag:TEXT.*received "auto"/,
  });
});
