/**
 * Random draws: every one is a function of the seed and of what it is drawn for, on every machine the same.
 */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { expectInteger } from "../check.js";

/** The first 32 bytes that a seed, a purpose and names stand for; different names never give the same text. */
function digest(seed: number, purpose: string, names: readonly (string | number)[]): Buffer {
  expectInteger("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  return createHash("sha256")
    .update(JSON.stringify([seed, purpose, ...names]), "utf8")
    .digest();
}

/** A number in [0, 1) with 53 random bits. */
export function uniformOf(seed: number, purpose: string, ...names: (string | number)[]): number {
  return Number(digest(seed, purpose, names).readBigUInt64LE(0) >> 11n) / 2 ** 53;
}

/** Draws integers in [0, below). */
export type DrawInteger = (below: number) => number;

/** An endless stream of draws. @throws ERPRM_INVALID_ARGUMENT for a seed that is no integer from 0 */
export function randomStream(seed: number, purpose: string, ...names: (string | number)[]): DrawInteger {
  const bytes = digest(seed, purpose, names);
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => bytes.readInt32LE(at)));
  return (below) => uniformInt(generator, 0, below - 1);
}

/** 0 .. count - 1 in random order: [count]. */
export function shuffledIndices(count: number, draw: DrawInteger): Int32Array {
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    const kept = indices[last] as number;
    indices[last] = indices[other] as number;
    indices[other] = kept;
  }
  return indices;
}
