import test from "ava";
import { cell, none, pText, table } from "../../../src/cli/figure-table.js";

test("a figure stands over its interval, alone where the interval has no bounds, and as a dash without a value", (t) => {
  t.is(cell({ value: 0.625, low: 0.5, high: 0.75 }, 1, 100), "62.5\n50.0 .. 75.0");
  t.is(cell({ value: 1, low: 1, high: 1 }, 1, 100), "100.0\n100.0 .. 100.0");
  t.is(cell({ value: 0.625, low: null, high: null }, 3), "0.625");
  t.is(cell({ value: null, low: null, high: null }, 3), none);
});

test("p-values have two digits, down to a bound below which no number is told", (t) => {
  t.deepEqual([0.0123, 1, 0.00009, null].map(pText), ["0.012", "1.0", "< 0.0001", none]);
});

test("a table has a head and its rows between lines", (t) => {
  t.regex(table(["a", "b"], [["1", "2\n3"]]), /│ a │ b │\n.*\n│ 1 │ 2 │\n│ +│ 3 │\n.*\n$/);
});
