import test from "ava";
import { formatNumber } from "../../../src/report/number-format.js";

test("numbers are written as people read them", (t) => {
  t.is(formatNumber(0.3125, "percent"), "31.3 %");
  t.is(formatNumber(0.045, "points"), "+4.5");
  t.is(formatNumber(-0.045, "points"), "−4.5");
  t.is(formatNumber(-0.2, "share"), "20 %");
  t.is(formatNumber(0.00004, "pValue"), "< 0.001");
  t.is(formatNumber(0.0212, "pValue"), "0.021");
  t.is(formatNumber(1234567, "count"), "1,234,567");
  t.is(formatNumber(12.3456, "general"), "12.35");
  t.is(formatNumber(5e-5, "general"), "5e-5");
  t.is(formatNumber(0.00048, "general"), "0.00048");
  t.is(formatNumber(-1.234e-7, "general"), "−1.23e-7");
  t.is(formatNumber(-0.5, "fixed3"), "−0.500");
});

test("what is rounded to nothing has no sign", (t) => {
  t.is(formatNumber(-0.0004, "points"), "0.0");
  t.is(formatNumber(0.0004, "points"), "0.0");
  t.is(formatNumber(-0.0004, "fixed3"), "0.000");
});

test("what has no value is a dash, never 0 or NaN", (t) => {
  t.is(formatNumber(null, "percent"), "–");
  t.is(formatNumber(undefined, "count"), "–");
});
