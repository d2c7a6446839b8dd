import test from "ava";
import { KeySet } from "../../../src/data/key-set.js";

test("what was added is there, once, and nothing else is", (t) => {
  const keys = new KeySet();
  const expected = new Set<string>();
  const keyOf = (i: number) => `problem-${i % 7}#${i % 30_000}`;
  for (let i = 0; i < 100_000; i += 1) {
    const key = keyOf(i);
    const isNew = !expected.has(key);
    expected.add(key);
    if (keys.add(key) !== isNew || keys.size !== expected.size) return t.fail(`${key} after ${i}`);
  }
  for (const key of expected) if (!keys.has(key)) return t.fail(key);
  for (let i = 0; i < 50_000; i += 1) if (keys.has(`other-${i}`)) return t.fail(`other-${i}`);
  t.is(keys.size, expected.size);
});

test("keys may be empty, long, or differ in one bit of a character", (t) => {
  const keys = new KeySet();
  const all = ["", "\0", "a", "b", "ä", "a\u0308", "x".repeat(100_000), "\uD83D\uDE00"];
  for (const key of all) t.true(keys.add(key));
  for (const key of all) t.false(keys.add(key));
  t.is(keys.size, all.length);
});
