/** Which sequences go into one forward pass: together at most `budget` tokens, the longest first. */

/** Indices of `lengths`, each in one batch. A sequence longer than the budget has a batch of its own. */
export function packBatches(lengths: readonly number[], budget: number): number[][] {
  const length = (index: number) => lengths[index] as number;
  const longestFirst = [...lengths.keys()].sort((a, b) => length(b) - length(a) || a - b);
  const batches: { indices: number[]; tokens: number }[] = [];
  for (const index of longestFirst) {
    const open = batches.find(({ tokens }) => tokens + length(index) <= budget);
    if (open) {
      open.indices.push(index);
      open.tokens += length(index);
    } else {
      batches.push({ indices: [index], tokens: length(index) });
    }
  }
  return batches.map(({ indices }) => indices);
}
