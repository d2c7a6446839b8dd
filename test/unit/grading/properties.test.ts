import test from "ava";
import fc from "fast-check";
import { extractAnswer } from "../../../src/grading/extract.js";
import { gradeTexts } from "../../../src/grading/grade.js";
import { defaultOptions } from "../../../src/grading/options.js";
import { isCorrect } from "./fixtures.js";

const fragments = fc.constantFrom(
  ..."\\frac \\sqrt \\boxed { } ( ) [ ] \\{ \\} ^ _ , ; = < > + - * / | & \\\\ $ $$ % ! 1 23 4.5 x y \\pi \\infty \\pm \\cup \\in \\begin{pmatrix} \\end{pmatrix} \\text and or \\sum \\int \\log \\sin ' : ... \\left \\right answer is #### \n ** e i _8 \\circ".split(
    / /,
  ),
);
const latexSoup = fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join(""));
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string(), latexSoup);

test("no string makes grading or extraction throw", (t) => {
  fc.assert(
    fc.property(anyText, anyText, (candidate, reference) => {
      const verdict = gradeTexts(candidate, reference, defaultOptions);
      const answer = extractAnswer(candidate);
      return typeof verdict.correct === "boolean" && verdict.method !== "" && answer !== "";
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

const small = fc.integer({ min: -99, max: 99 });
const symbol = fc.constantFrom("x", "y", "a", "b", "n");

/** Expressions as LaTeX, without division by what may be zero. */
const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      small.map((value) => (value < 0 ? `(${value})` : String(value))),
      symbol,
    ),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `(${a}+${b})`),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `(${a}-${b})`),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => `${a}\\cdot ${b}`),
    fc.tuple(tie("tree"), fc.integer({ min: 1, max: 9 })).map(([a, d]) => `\\frac{${a}}{${d}}`),
    fc.tuple(tie("tree"), fc.integer({ min: 2, max: 3 })).map(([a, k]) => `(${a})^{${k}}`),
  ),
})).tree;

test("every expression equals itself in other spaces and brackets", (t) => {
  fc.assert(
    fc.property(expression, (text) => {
      const respaced = text.replace(/([+(])/g, "$1 ").replace(/\\frac/g, "\\dfrac");
      return isCorrect(`\\left(${respaced}\\right)`, text) && isCorrect(text, respaced);
    }),
  );
  t.pass();
});

test("sums and products commute, and one more is not equal", (t) => {
  fc.assert(
    fc.property(expression, expression, (a, b) => {
      return (
        isCorrect(`${b}+${a}`, `${a}+${b}`) &&
        isCorrect(`(${b})(${a})`, `(${a})(${b})`) &&
        !isCorrect(`${a}+${b}+1`, `${a}+${b}`)
      );
    }),
  );
  t.pass();
});

test("a product equals its expansion", (t) => {
  fc.assert(
    fc.property(small, small, small, small, (a, b, c, d) => {
      const sign = (value: number): string => (value < 0 ? String(value) : `+${value}`);
      const expanded = `${a * c}x^2${sign(a * d + b * c)}x${sign(b * d)}`;
      return isCorrect(expanded, `(${a}x${sign(b)})(${c}x${sign(d)})`);
    }),
  );
  t.pass();
});

test("an equation equals its multiples and not its neighbours", (t) => {
  const nonzero = small.filter((value) => value !== 0);
  fc.assert(
    fc.property(nonzero, nonzero, small, nonzero, (a, b, c, factor) => {
      const line = (p: number, r: number, s: number): string => `${p}x+${r}y=${s}`.replace(/\+-/g, "-");
      const reference = line(a, b, c);
      return isCorrect(line(a * factor, b * factor, c * factor), reference) && !isCorrect(line(a, b, c + 1), reference);
    }),
  );
  t.pass();
});

test("restyled numbers are equal, other numbers are not", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 999 }), (whole, thousandths) => {
      const sign = whole < 0 ? "-" : "";
      const decimals = String(thousandths).padStart(3, "0");
      const plain = `${whole}.${decimals}`;
      const grouped = `${sign}${Math.abs(whole).toLocaleString("en-US")}.${decimals}`;
      const thousandfold = `${sign}${Math.abs(whole)}${decimals}`;
      return (
        isCorrect(grouped, plain) &&
        isCorrect(`\\frac{${thousandfold}}{1000}`, plain) &&
        isCorrect(`${thousandfold}e-3`, plain) &&
        isCorrect(`$${plain}0 \\text{ units}$.`, plain) &&
        !isCorrect(`${plain}1`, plain)
      );
    }),
  );
  t.pass();
});

test("sets ignore order and repeats, tuples do not ignore order", (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(small, { minLength: 3, maxLength: 6 }), (values) => {
      const turned = [...values.slice(1), values[0]];
      return (
        isCorrect(`\\{${turned.join(",")}\\}`, `\\{${values.join(",")}\\}`) &&
        isCorrect(`${turned.join(", ")}, ${values[0]}`, values.join(", ")) &&
        !isCorrect(`(${turned.join(",")})`, `(${values.join(",")})`)
      );
    }),
  );
  t.pass();
});

test("grading plain values is symmetric", (t) => {
  fc.assert(
    fc.property(expression, expression, (a, b) => isCorrect(a, b) === isCorrect(b, a)),
    { numRuns: 300 },
  );
  t.pass();
});
