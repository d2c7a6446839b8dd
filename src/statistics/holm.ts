/**
 * Holm's correction for several tests: with the m p-values ascending, p_(1) <= ... <= p_(m),
 *   corrected p_(i) = max over j <= i of min(1, (m - j + 1) p_(j))
 * Calling what is at most alpha a difference is wrong anywhere with probability at most alpha, however the tests depend.
 */

/** In the order given; null (no test) stays null and does not count. */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const order = [...pValues.keys()].filter((i) => pValues[i] !== null);
  order.sort((a, b) => (pValues[a] as number) - (pValues[b] as number) || a - b);
  const corrected: (number | null)[] = pValues.map(() => null);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * (pValues[i] as number)));
    corrected[i] = largest;
  }
  return corrected;
}
