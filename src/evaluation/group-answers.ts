/** Final answers of one problem -> groups of answers that are the same. */

/** No answer is stated: the candidate is in no group and has no vote. */
export const noAnswer = -1;

/** Whether two answers mean the same: should be an equivalence; never asked for identical strings. */
export type AnswersMatch = (a: string, b: string) => boolean | Promise<boolean>;

/**
 * The group of each answer: numbers from 0 in the order in which groups first occur; `noAnswer` for undefined. Two answers are
 * in one group when a chain of matches leads from one to the other, and `match` is asked with the smaller string (by UTF-16
 * code units) first: who is grouped with whom never depends on the order of the answers, not even where `match` is no
 * equivalence (if 1 matches 1.04 and 1.04 matches 1.08 by rounding, all three are one group). A string is compared with all
 * larger ones that are not yet in its group at the same time: d distinct answers cost at most d (d - 1) / 2 questions.
 */
export async function groupAnswers(answers: readonly (string | undefined)[], match: AnswersMatch): Promise<number[]> {
  const distinct = [...new Set(answers.filter((answer) => answer !== undefined))].sort();
  // groups[i]: the place of the first string that string i is known to be the same as.
  const groups = distinct.map((_, i) => i);
  for (const [i, answer] of distinct.entries()) {
    const isAsked = distinct.map((_, j) => j > i && groups[j] !== groups[i]);
    const isSame = await Promise.all(distinct.map((other, j) => isAsked[j] && match(answer, other)));
    for (const [j, same] of isSame.entries()) {
      const [from, to] = [groups[j] as number, groups[i] as number];
      if (same && from !== to) for (const [k, group] of groups.entries()) if (group === from) groups[k] = to;
    }
  }
  const groupOf = new Map(distinct.map((answer, i) => [answer, groups[i] as number]));
  const numbers = new Map<number, number>();
  return answers.map((answer) => {
    if (answer === undefined) return noAnswer;
    const group = groupOf.get(answer) as number;
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group) as number;
  });
}
