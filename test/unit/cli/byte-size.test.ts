import test from "ava";
import { formatByteSize, parseByteSize } from "../../../src/cli/byte-size.js";

test("sizes are read in binary and decimal units, in any case", (t) => {
  const sizes: [string, number][] = [
    ["4096", 4096],
    ["2GiB", 2 * 2 ** 30],
    ["512MiB", 512 * 2 ** 20],
    ["1.5gib", 1.5 * 2 ** 30],
    ["2 GB", 2e9],
    ["64M", 64 * 2 ** 20],
    ["8k", 8192],
  ];
  for (const [text, bytes] of sizes) t.is(parseByteSize(text), bytes, text);
});

test("what is no size is undefined", (t) => {
  for (const text of ["", "GiB", "-1", "1e9", "2 elephants", "1.5.2G", "9999999TiB", "constructor"]) {
    t.is(parseByteSize(text), undefined, text);
  }
});

test("sizes are shown in the largest unit that they fill", (t) => {
  t.is(formatByteSize(999), "999 B");
  t.is(formatByteSize(1.5 * 2 ** 30), "1.5 GiB");
  t.is(formatByteSize(300 * 2 ** 20), "300 MiB");
});
