/** The fine-tunings of a study beside each other, as the paper's table has them: start, then each way of selecting. */
import { join } from "node:path";
import { compareFinetunings } from "../../dist/src/evaluation/compare-finetunings.js";
import { finetuneName } from "./study.mjs";
import { percent, shown } from "./tables.mjs";

export async function finetunings(out, { selections, seeds }) {
  const directories = selections.flatMap((selection) =>
    seeds.map((seed) => join(out, "finetunings", finetuneName(selection, seed))),
  );
  return compareFinetunings(directories);
}

export function finetuningTables({ ways, differences, n, roundIndex }) {
  const rows = ways.map(({ name, seeds, accuracy, range, gain, meanTokens, divergence }) => {
    const cells = [
      name,
      seeds.length,
      shown(accuracy),
      range.map((value) => percent(value)).join(" to "),
      shown(gain),
      divergence?.toFixed(4) ?? "",
      meanTokens.toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const compared = differences.map(({ first, second, difference, pValue, correctedPValue }) => {
    const cells = [first, second, shown(difference), pValue?.toPrecision(2), correctedPValue?.toPrecision(2)];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `| after round ${roundIndex}, n = ${n} | runs | greedy accuracy in % | of the runs | gain in points | divergence, nats a token | tokens |`,
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
    "| way | against | difference in points | p | corrected |",
    "|---|---|---|---|---|",
    ...compared,
  ].join("\n");
}
