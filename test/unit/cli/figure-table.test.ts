import test from "ava";
import { cell, compactTable, inlineCell, none, pText, table } from "../../../src/cli/figure-table.js";

test("a figure stands over its interval, alone where the interval has no bounds, and as a dash without a value", (t) => {
  t.is(cell({ value: 0.625, low: 0.5, high: 0.75 }, 1, 100), "62.5\n50.0 .. 75.0");
  t.is(cell({ value: 1, low: 1, high: 1 }, 1, 100), "100.0\n100.0 .. 100.0");
  t.is(cell({ value: 0.625, low: null, high: null }, 3), "0.625");
  t.is(cell({ value: null, low: null, high: null }, 3), none);
});

test("what is rounded to nothing has no sign", (t) => {
  t.is(inlineCell({ value: -0.0004, low: -0.002, high: 0 }, 1, 100), "0.0 (-0.2 .. 0.0)");
});

test("on one line the interval stands behind the figure", (t) => {
  t.is(inlineCell({ value: -0.042, low: -0.074, high: 0.01 }, 1, 100), "-4.2 (-7.4 .. 1.0)");
  t.is(inlineCell({ value: 0.5, low: null, high: null }, 2), "0.50");
  t.is(inlineCell({ value: null, low: null, high: null }, 2), none);
});

test("a compact table has one line a row, and one below its head", (t) => {
  const lines = compactTable(
    ["a", "b"],
    [
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
    ],
  )
    .trimEnd()
    .split("\n");
  t.deepEqual(
    lines.map((line) => line[0]),
    ["┌", "│", "├", "│", "│", "│", "└"],
  );
  t.regex(lines[4] as string, /^│ 3 │ 4 │$/);
});

test("p-values have two digits, down to a bound below which no number is told", (t) => {
  t.deepEqual(
    [0.0123, 1, 0.00009, null].map((p) => pText(p)),
    ["0.012", "1.0", "< 0.0001", none],
  );
});

test("a p-value that is no more than the smallest the draws can give is told as a bound", (t) => {
  t.is(pText(0.00016, true), "<= 0.00016");
  t.is(pText(0.00009, true), "< 0.0001");
  t.is(pText(null, true), none);
});

test("a table has a head and its rows between lines", (t) => {
  t.regex(table(["a", "b"], [["1", "2\n3"]]), /│ a │ b │\n.*\n│ 1 │ 2 │\n│ +│ 3 │\n.*\n$/);
});
