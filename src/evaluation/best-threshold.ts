/**
 * The threshold with the best first-error F1. The prediction for a solution whose first wrong step is t is right for
 * thresholds in (score t, lowest score before t], that for one without a wrong step up to its lowest score. So F1 is constant
 * between neighbouring such scores, and one sweep sees all of its values.
 */
import { firstErrorF1 } from "./first-error-f1.js";
import type { FirstErrorCase } from "./pool.js";

/** The prediction becomes right (+1) or wrong (-1) for thresholds above `at`. */
interface Change {
  at: number;
  set: number;
  isWrong: boolean;
  by: 1 | -1;
}

function* changesOf(set: number, { firstWrong, stepScores }: FirstErrorCase): Generator<Change, void, undefined> {
  const lowest = (scores: readonly number[]) => scores.reduce((low, score) => Math.min(low, score), Infinity);
  if (firstWrong < 0) {
    yield { at: lowest(stepScores), set, isWrong: false, by: -1 };
    return;
  }
  const own = stepScores[firstWrong] as number;
  const before = lowest(stepScores.slice(0, firstWrong));
  if (own >= before) return;
  yield { at: own, set, isWrong: true, by: 1 };
  yield { at: before, set, isWrong: true, by: -1 };
}

/**
 * The threshold with the largest mean F1 of the sets, each of which has solutions with and without a wrong step: the middle of
 * the widest range of such thresholds (cut to 0 .. 1 where all scores lie there), of equally wide ones the lowest.
 */
export function bestThreshold(sets: readonly (readonly FirstErrorCase[])[]): number {
  const changes = sets.flatMap((cases, set) => cases.flatMap((one) => [...changesOf(set, one)]));
  changes.sort((a, b) => a.at - b.at);
  const tallies = sets.map((cases) => {
    const numWrong = cases.filter(({ firstWrong }) => firstWrong >= 0).length;
    const numRight = cases.length - numWrong;
    return { numWrong, numRight, foundWrong: 0, foundRight: numRight };
  });
  const meanF1 = () =>
    tallies.reduce((sum, { numWrong, numRight, foundWrong, foundRight }) => {
      return sum + firstErrorF1(foundWrong / numWrong, foundRight / numRight);
    }, 0) / tallies.length;
  const finite = changes.map(({ at }) => at).filter(Number.isFinite);
  const lowEnd = Math.min(0, ...finite.slice(0, 1));
  const highEnd = Math.max(1, ...finite.slice(-1));
  let best = { f1: -1, low: lowEnd, high: lowEnd };
  let low = lowEnd;
  for (let i = 0; i <= changes.length; ) {
    const high = Math.min(changes[i]?.at ?? Infinity, highEnd);
    const f1 = meanF1();
    const isWider = high - low > best.high - best.low;
    if (high > low && (f1 > best.f1 || (f1 === best.f1 && isWider))) best = { f1, low, high };
    if (i === changes.length) break;
    low = high;
    for (const at = changes[i]?.at; i < changes.length && changes[i]?.at === at; i++) {
      const { set, isWrong, by } = changes[i] as Change;
      const tally = tallies[set] as (typeof tallies)[number];
      if (isWrong) tally.foundWrong += by;
      else tally.foundRight += by;
    }
  }
  // Above low, as the range says, even where the middle is rounded.
  const middle = (best.low + best.high) / 2;
  return middle > best.low ? middle : best.high;
}
