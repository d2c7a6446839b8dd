/** How the study draws for its intervals and p-values, and how its figures stand in tables. */

export const level = 0.95;
export const seedOfDraws = 0;
export const numResamples = 10_000;
/** A p-value of 0.05 has a standard error of 0.0002: multiplied by Holm's correction too it does not change what is claimed. */
export const numFlips = 1_000_000;

export const percent = (value, digits = 1) => (100 * value).toFixed(digits);

/** `52.1 (48.0 to 56.2)`, in percent; the value alone where there are too few problems for bounds. */
export const shown = ({ value, low, high }) =>
  low === null || high === null ? percent(value) : `${percent(value)} (${percent(low)} to ${percent(high)})`;

/** `isFloor`: the smallest that the flips can give, so that p is that or less. */
export const pText = (p, isFloor = false) => (p === null ? "" : `${isFloor ? "<= " : ""}${p.toPrecision(2)}`);

/** In Markdown. */
export const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
