/** Which split a question belongs to is a function of its text alone, so no question can be in two. */
import { createHash } from "node:crypto";

export const splits = ["train", "held-out", "test"] as const;
export type Split = (typeof splits)[number];

/** 80 % of all questions are for training, 10 % held out, 10 % for tests. */
export function splitOf(question: string): Split {
  const place = createHash("sha256").update(question, "utf8").digest().readUInt32LE(0) / 2 ** 32;
  return place < 0.8 ? "train" : place < 0.9 ? "held-out" : "test";
}
