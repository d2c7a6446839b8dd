/**
 * What best-of-N and the majority vote answer with the tokens that another search used: the first solutions of a pool, as
 * many as those tokens hold. Solution i of a pool does not depend on how many follow, so that is what a run with that budget
 * would have found.
 */
import { bestOfN, majorityVote } from "../../dist/src/data/selection.js";
import { noAnswer } from "../../dist/src/evaluation/group-answers.js";

/** The solutions that fit one after another into `tokens`; the first one always. */
export function heldBy(solutions, tokens) {
  let used = 0;
  const tooMany = solutions.findIndex(({ numTokens }, i) => {
    used += numTokens;
    return i > 0 && used > tokens;
  });
  return tooMany < 0 ? [...solutions] : solutions.slice(0, tooMany);
}

/** 1 for a right answer of best-of-N by an aggregate of the scores: the best of those that ended by themselves, if any did. */
export function bestOutcome(solutions, aggregate) {
  const stopped = solutions.filter(({ finishReason }) => finishReason === "stop");
  const among = stopped.length > 0 ? stopped : solutions;
  return among[bestOfN(among.map(({ scores }) => scores[aggregate]))].outcome;
}

/** 1 for a right most frequent answer, of equally frequent ones the first. Each solution has the group of its answer (`answerGroups`). */
export function majorityOutcome(solutions) {
  const answers = solutions.map(({ answerGroup }) => (answerGroup === noAnswer ? undefined : String(answerGroup)));
  const vote = majorityVote(answers);
  return vote === undefined ? 0 : solutions[vote.index].outcome;
}

/** Mean outcome of all the solutions: what one of them, taken at random, is worth. */
export function meanOutcome(solutions) {
  return solutions.reduce((sum, { outcome }) => sum + outcome, 0) / solutions.length;
}
