/** Fine-tuning by rejection sampling, round by round; round 0 is the policy that it starts from. */
import type { Finetuning, Round } from "../../evaluation/finetuning.js";
import { smallBox, wideBox } from "../charts/frame.js";
import { type LinePoint, type LineSeries, lineChart } from "../charts/line-chart.js";
import { estimate, figure, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

interface Named {
  name: string;
  finetuning: Finetuning;
}

/** A point of the policy after each round, the start included. */
function ofPolicy(
  { start, rounds }: Finetuning,
  point: (policy: Finetuning["start"]) => Omit<LinePoint, "x">,
): LinePoint[] {
  return [start, ...rounds.map(({ policy }) => policy)].map((policy, i) => ({ x: i, ...point(policy) }));
}

function ofRounds({ rounds }: Finetuning, value: (round: Round) => number | null): LinePoint[] {
  return rounds.map((round) => ({ x: round.roundIndex, y: value(round) }));
}

function series(
  all: readonly Named[],
  points: (finetuning: Finetuning) => LinePoint[],
  what = "",
  dash = 0,
): LineSeries[] {
  return all.map(({ name, finetuning }, i) => ({
    name: `${name}${what}`,
    colour: i,
    dash,
    points: points(finetuning),
  }));
}

function small(title: string, y: string, format: "share" | "general", lines: LineSeries[]): Markup {
  const chart = lineChart({
    label: `${title}, by round`,
    box: smallBox,
    x: { name: "round", format: "general", whole: true },
    y: { name: y, format, ...(format === "share" && { within: [0, 1] as const }) },
    series: lines,
  });
  return chart.text === "" ? html`` : html`<div class="half"><h4>${title}</h4>${chart}</div>`;
}

function pictures(all: readonly Named[]): Markup {
  const accuracy = lineChart({
    label: "Greedy accuracy of the policy on held-out problems, by round",
    box: wideBox,
    x: { name: "round", format: "general", whole: true },
    y: { name: "accuracy on held-out problems", format: "share", within: [0, 1] },
    series: series(all, (one) =>
      ofPolicy(one, ({ accuracy: { value, low, high }, n }) => ({ y: value, low, high, detail: `${n} problems` })),
    ),
  });
  return html`${accuracy}<div class="grid">
${small("Right among the sampled and the selected solutions", "share", "share", [
  ...series(all, (one) => ofRounds(one, ({ rollout }) => rollout.accuracy.value), ", sampled"),
  ...series(all, (one) => ofRounds(one, ({ rollout }) => rollout.selectedAccuracy), ", selected", 1),
])}
${small(
  "Problems with a selected solution",
  "share",
  "share",
  series(all, (one) => ofRounds(one, ({ rollout }) => rollout.problemsUsed / rollout.problems)),
)}
${small(
  "Divergence from the start",
  "nats a token",
  "general",
  series(all, (one) =>
    ofPolicy(one, ({ divergence: { value, low, high } }) => ({ y: value, low, high, isKnown: low === high })),
  ),
)}
${small(
  "Length of greedy solutions",
  "tokens",
  "general",
  series(all, (one) => ofPolicy(one, ({ meanTokens }) => ({ y: meanTokens }))),
)}
${small("Distinct answers and 4-grams", "share", "share", [
  ...series(all, (one) => ofRounds(one, ({ rollout }) => rollout.distinctAnswers), ", answers"),
  ...series(all, (one) => ofRounds(one, ({ rollout }) => rollout.distinctNgrams), ", 4-grams", 1),
])}
${small(
  "Loss of the policy's training",
  "nats a token",
  "general",
  series(all, (one) => ofRounds(one, ({ training }) => training.loss)),
)}</div>`;
}

const names = [
  ...["accuracy", "divergence", "tokens", "sampled right", "selected", "selected right", "problems used"],
  ...["distinct answers", "distinct 4-grams", "updates", "loss"],
];

function rowsOf({ start, rounds }: Finetuning, path: string) {
  const policyCells = (at: string, policy: Finetuning["start"]) => [
    estimate(`${at}.accuracy`, policy.accuracy, "percent"),
    // The start diverges from itself by 0 whatever is measured: bounds would say that it was.
    policy === start
      ? figure(`${at}.divergence.value`, policy.divergence.value, "general")
      : estimate(`${at}.divergence`, policy.divergence, "general"),
    figure(`${at}.meanTokens`, policy.meanTokens, "fixed1"),
  ];
  const startRow = ["start", ...policyCells(`${path}.start`, start), ...names.slice(3).map(() => html`–`)];
  const roundRows = rounds.map(({ roundIndex, rollout, training, policy }, i) => {
    const at = `${path}.rounds.${i}`;
    return [
      `round ${roundIndex}`,
      ...policyCells(`${at}.policy`, policy),
      estimate(`${at}.rollout.accuracy`, rollout.accuracy, "percent"),
      html`${figure(`${at}.rollout.selected`, rollout.selected, "count")} of ${figure(`${at}.rollout.solutions`, rollout.solutions, "count")}`,
      figure(`${at}.rollout.selectedAccuracy`, rollout.selectedAccuracy, "percent"),
      html`${figure(`${at}.rollout.problemsUsed`, rollout.problemsUsed, "count")} of ${figure(`${at}.rollout.problems`, rollout.problems, "count")}`,
      figure(`${at}.rollout.distinctAnswers`, rollout.distinctAnswers, "percent"),
      figure(`${at}.rollout.distinctNgrams`, rollout.distinctNgrams, "percent"),
      figure(`${at}.training.updates`, training.updates, "count"),
      figure(`${at}.training.loss`, training.loss, "fixed3"),
    ];
  });
  return [startRow, ...roundRows];
}

function what({ selection, threshold, rewardModel, aggregate }: Finetuning): string {
  const target = rewardModel?.target === undefined ? "" : ` (${rewardModel.target})`;
  const by = rewardModel === undefined ? "" : ` by ${rewardModel.name}${target}${aggregate ? `, ${aggregate}` : ""}`;
  return `selection ${selection}${threshold === undefined ? "" : ` ${threshold}`}${by}`;
}

export function roundsSection({ finetunings, runs }: ReportData): Section | undefined {
  if (finetunings.length === 0) return undefined;
  const all = finetunings.map(({ run, finetuning }) => ({ name: runs[run]?.name ?? finetuning.selection, finetuning }));
  const columns = [{ name: "policy" }, ...names.map((name) => ({ name, isNumber: true }))];
  const tables = all.map(({ name, finetuning }, i) => {
    const path = `finetunings.${i}.finetuning`;
    return html`${table(`${name}: ${what(finetuning)}`, columns, rowsOf(finetuning, path))}
<p class="note">${figure(`${path}.start.n`, finetuning.start.n, "count")} held-out problems, decoded greedily; bands and brackets are ${figure(`${path}.level`, finetuning.level, "share")} intervals; seed ${finetuning.seed}.</p>`;
  });
  return { id: "rounds", title: "Fine-tuning rounds", content: html`${pictures(all)}${tables}` };
}
