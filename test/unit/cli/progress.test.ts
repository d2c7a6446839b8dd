import test from "ava";
import { formatDuration, Progress, type ProgressOptions } from "../../../src/cli/progress.js";

function progressOn(stream: { isTTY?: boolean; columns?: number }, options: Partial<ProgressOptions> = {}) {
  const written: string[] = [];
  let milliseconds = 0;
  const progress = new Progress({
    title: "label",
    unit: "solutions",
    total: 80,
    stream: { ...stream, write: (text: string) => written.push(text) },
    now: () => milliseconds,
    ...options,
  });
  const at = (ms: number, done: number, note?: string) => {
    milliseconds = ms;
    progress.update(done, note);
  };
  return { progress, written, at };
}

test("where there is no terminal a line is written every ten seconds", (t) => {
  const { written, at } = progressOn({});
  at(0, 0);
  at(9_999, 10);
  t.deepEqual(written, []);
  at(10_000, 20, "3.1 rollouts/s");
  at(15_000, 30);
  at(20_000, 40);
  t.deepEqual(written, [
    "erprm: label 20/80 solutions, 2.0 solutions/s, 3.1 rollouts/s, 30 s left\n",
    "erprm: label 40/80 solutions, 2.0 solutions/s, 3.1 rollouts/s, 20 s left\n",
  ]);
});

test("on a terminal a bar is redrawn at most ten times a second, and taken away at the end", (t) => {
  const { progress, written, at } = progressOn({ isTTY: true, columns: 200 });
  for (let ms = 0; ms <= 1000; ms += 10) at(ms, 40);
  t.is(written.length, 11);
  t.is(written[10], "\r\x1b[K[==========          ] label 40/80 solutions, 40 solutions/s, 1.0 s left");
  progress.end();
  t.is(written.at(-1), "\r\x1b[K");
});

test("a bar never wraps", (t) => {
  const { written, at } = progressOn({ isTTY: true, columns: 40 });
  at(1000, 3, "a long note that does not fit");
  t.true((written[0] as string).replace("\r\x1b[K", "").length < 40);
});

test("a terminal that does not know its width has 80 columns", (t) => {
  const { written, at } = progressOn({ isTTY: true, columns: 0 });
  at(1000, 40, "note");
  t.regex(written[0] as string, /note, 1\.0 s left$/);
});

test("no time left is told while nothing is done for longer than 10 s and three times the usual; that is told instead", (t) => {
  const { written, at } = progressOn({});
  at(4_000, 4);
  at(8_000, 8);
  at(18_000, 8);
  at(28_100, 8);
  at(38_200, 9);
  t.deepEqual(written, [
    "erprm: label 8/80 solutions, 0.44 solutions/s, 2:42 left\n",
    "erprm: label 8/80 solutions, 0.28 solutions/s, nothing done for 20 s\n",
    "erprm: label 9/80 solutions, 0.24 solutions/s, 5:01 left\n",
  ]);
  const slow = progressOn({});
  slow.at(30_000, 1);
  slow.at(60_000, 2);
  slow.at(149_000, 2);
  t.regex(slow.written.at(-1) as string, / left$/m, "90 s are usual where each takes 30 s");
  slow.at(159_000, 2);
  t.regex(slow.written.at(-1) as string, /nothing done for 1:39$/m);
});

test("work that an earlier process did counts as done, not for the rate", (t) => {
  const { written, at } = progressOn({}, { done: 60 });
  at(10_000, 70);
  t.deepEqual(written, ["erprm: label 70/80 solutions, 1.0 solutions/s, 10 s left\n"]);
});

test("quiet is quiet, on a terminal too", (t) => {
  for (const isTTY of [true, false]) {
    const { progress, written, at } = progressOn({ isTTY }, { quiet: true });
    at(60_000, 70);
    progress.end();
    t.deepEqual(written, []);
  }
});

test("without a total there is neither bar nor time left", (t) => {
  const { written, at } = progressOn({ isTTY: true }, { total: undefined });
  at(10_000, 70);
  t.is(written[0], "\r\x1b[Klabel 70 solutions, 7.0 solutions/s");
});

test("durations are short to read", (t) => {
  t.is(formatDuration(4.24), "4.2 s");
  t.is(formatDuration(83), "83 s");
  t.is(formatDuration(125), "2:05");
  t.is(formatDuration(3723), "1:02:03");
});
