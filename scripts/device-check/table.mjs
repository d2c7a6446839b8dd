/** The two tables at the end: what became of each stage, and every number. */

function columns(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
}

const number = (value, digits = 1) => (value === undefined || !Number.isFinite(value) ? "" : value.toFixed(digits));

/** @param {Record<string, object>} stages results by stage @param {string[]} names of the stages asked for */
export function stageTable(stages, names) {
  const rows = names.map((name) => {
    const { status, seconds, tests, reason } = stages[name] ?? { status: "not run" };
    const counts = tests ? `${tests.passed} passed, ${tests.failed} failed` : "";
    return [name, status, number(seconds, 0), counts, (reason ?? "").split("\n")[0].slice(0, 80)];
  });
  return columns([["stage", "status", "seconds", "tests", "reason"], ...rows]);
}

export function numberTable(rows) {
  return columns([
    ["measured", "rate", "unit", "of the card", "TFLOP/s", "ms"],
    ...rows.map(({ name, rate, unit, share, teraflops, milliseconds }) => [
      name,
      number(rate, unit === "tokens/s" ? 0 : 1),
      unit,
      share === undefined || !Number.isFinite(share) ? "" : `${(100 * share).toFixed(1)} %`,
      number(teraflops),
      number(milliseconds, 3),
    ]),
  ]);
}
