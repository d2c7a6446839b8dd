import test from "ava";
import { longestBlock, memoryGrowth, type Watched } from "../../bench/watched.js";

const watched: Watched = {
  blocks: [
    { at: 5, milliseconds: 90 },
    { at: 120, milliseconds: 4 },
    { at: 180, milliseconds: 7 },
  ],
  memory: [0, 30, 60, 90].map((at, i) => ({ at: 100 + at, bytes: [50, 100, 300, 110][i] as number })),
};

test("the longest block of a time is the longest that ended within it", (t) => {
  t.is(longestBlock(watched, 100, 200), 7);
  t.is(longestBlock(watched, 0, 200), 90);
  t.is(longestBlock(watched, 190, 200), 0);
});

test("memory has grown by what the last quarter needs more than the second", (t) => {
  t.is(memoryGrowth(watched, 100, 200), 1.1);
});
