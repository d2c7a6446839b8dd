import test from "ava";
import { importScript } from "../../support/script.js";

interface TapCounter {
  onLine(line: string): void;
  end(status: number): { passed: number; failed: number };
}
const { tapCounter } = await importScript<{ tapCounter(print: (line: string) => void): TapCounter }>("tap.mjs");

function count(status: number, lines: string[]) {
  const printed: string[] = [];
  const counter = tapCounter((line) => printed.push(line));
  for (const line of lines) counter.onLine(line);
  return { ...counter.end(status), printed: printed.join("\n") };
}

test("results are counted and a failure is printed with its details", (t) => {
  const lines = ["TAP version 13", "ok 1 - a", "not ok 2 - b", "  ---", "    expected: 1", "  ...", "ok 3 - c", "1..3"];
  const { passed, failed, printed } = count(1, lines);
  t.deepEqual([passed, failed], [2, 1]);
  t.regex(printed, /not ok 2 - b\n {2}---\n {4}expected: 1/);
  t.notRegex(printed, /ok 1|ok 3/);
});

test("a skipped test has not passed", (t) => {
  const { passed, failed, printed } = count(0, ["ok 1 - a", "ok 2 - b # SKIP", "1..2"]);
  t.deepEqual([passed, failed], [1, 0]);
  t.regex(printed, /1 skipped/);
});

test("a runner that crashes without a failed test counts as a failure", (t) => {
  t.like(count(134, ["ok 1 - a", "1..1"]), { passed: 1, failed: 1 });
});

test("a run that ended before its plan has failed, whatever its exit code, and the last test it got to is named", (t) => {
  for (const status of [0, 1]) {
    const { passed, failed, printed } = count(status, ["ok 1 - a", "not ok 2 - b", "ok 3 - c"]);
    t.deepEqual([passed, failed], [2, 2]);
    t.regex(printed, /stopped \(exit code \d\) after - c/);
  }
});
