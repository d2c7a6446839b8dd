/** The two tables at the end: what became of each stage, and every number. */

/** `left`: columns of words. */
function columns(rows, left) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const padded = (cell, i) => (left.includes(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  return rows.map((row) => row.map(padded).join("  ").trimEnd());
}

const number = (value, digits = 1) => (value === undefined || !Number.isFinite(value) ? "" : value.toFixed(digits));

const percent = (value, digits) => (Number.isFinite(value) ? `${(100 * value).toFixed(digits)} %` : "");

/** @param {Record<string, object>} stages results by stage @param {string[]} names of the stages asked for */
export function stageTable(stages, names) {
  const rows = names.map((name) => {
    const { status, seconds, commit, tests, reason } = stages[name] ?? { status: "not run" };
    const counts = tests ? `${tests.passed} passed, ${tests.failed} failed` : "";
    return [
      name,
      status,
      number(seconds, 0),
      counts,
      (commit ?? "").slice(0, 9),
      (reason ?? "").split("\n")[0].slice(0, 110),
    ];
  });
  return columns([["stage", "status", "seconds", "tests", "commit", "reason"], ...rows], [0, 1, 4, 5]);
}

/** @param {object[]} rows of derive.mjs */
export function numberTable(rows) {
  const table = columns(
    [
      ["measured", "rate", "unit", "of the card", "aim", "", "TFLOP/s", "ms", "low", "high"],
      ...rows.map(
        ({ name, rate, unit = "", share, isCached, aim, verdict = "", teraflops, milliseconds, low, high }) => [
          ...[name, number(rate, unit === "tokens/s" ? 0 : 1), unit],
          `${percent(share, 1)}${isCached && Number.isFinite(share) ? " *" : ""}`,
          ...[unit === "times" ? number(aim, 0) : percent(aim, 0), verdict],
          ...[number(teraflops), number(milliseconds, 3), number(low, 3), number(high, 3)],
        ],
      ),
    ],
    [0, 2, 5],
  );
  return rows.some(({ isCached }) => isCached)
    ? [...table, "* moves so little that the card's cache may hold it"]
    : table;
}
