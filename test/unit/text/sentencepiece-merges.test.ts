import test from "ava";
import { mergesFromScores } from "../../../src/text/sentencepiece-merges.js";

test("joins are ranked by the score of the piece they make, not by its place", (t) => {
  const pieces = [
    { text: "a", score: -9 },
    { text: "ab", score: -2 },
    { text: "b", score: -9 },
    { text: "bc", score: -1 },
    { text: "c", score: -9 },
  ];
  t.deepEqual(mergesFromScores(pieces), [
    ["b", "c"],
    ["a", "b"],
  ]);
});

test("every way of cutting a piece in two pieces is a join, and equal scores keep the order of the pieces", (t) => {
  const pieces = ["x", "y", "xy", "yx", "xyx"].map((text) => ({ text, score: 0 }));
  t.deepEqual(mergesFromScores(pieces), [
    ["x", "y"],
    ["y", "x"],
    ["x", "yx"],
    ["xy", "x"],
  ]);
});

test("a piece is cut between characters, never inside one", (t) => {
  const pieces = ["\u{1F600}", "a", "\u{1F600}a", "\uD83D", "\uDE00"].map((text) => ({ text, score: 0 }));
  t.deepEqual(mergesFromScores(pieces), [["\u{1F600}", "a"]]);
});
