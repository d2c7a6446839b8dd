/** The fine-tunings of a study beside each other, as the paper's table has them: start, then each way of selecting. */
import { join } from "node:path";
import { compareFinetunings } from "../../dist/src/evaluation/compare-finetunings.js";
import { finetuneName } from "./study.mjs";
import { numFlips, percent, pText, seedOfDraws, shown, table } from "./tables.mjs";

export async function finetunings(out, { selections, seeds }) {
  const directories = selections.flatMap((selection) =>
    seeds.map((seed) => join(out, "finetunings", finetuneName(selection, seed))),
  );
  return compareFinetunings(directories, { seed: seedOfDraws, numFlips });
}

export function finetuningTables({ ways, differences, n, roundIndex }) {
  const rows = ways.map(({ name, seeds, accuracy, range, gain, meanTokens, divergence }, way) => {
    // The start is not measured against itself.
    const fromStart = [range.map((value) => percent(value)).join(" to "), shown(gain), divergence?.toFixed(4) ?? ""];
    return [
      name,
      way === 0 ? "" : seeds.length,
      shown(accuracy),
      ...(way === 0 ? ["", "", ""] : fromStart),
      meanTokens.toFixed(1),
    ];
  });
  const compared = differences.map(({ first, second, difference, ...p }) => [
    ...[first, second, shown(difference), pText(p.pValue, p.pValueIsFloor)],
    ...[pText(p.correctedPValue, p.correctedPValueIsFloor), differences.length],
  ]);
  const measures = ["greedy accuracy in %", "of the runs", "gain in points", "divergence, nats a token", "tokens"];
  return [
    table([`after round ${roundIndex}, n = ${n}`, "runs", ...measures], rows),
    table(["way", "against", "difference in points", "p", "corrected", "for tests"], compared),
  ].join("\n\n");
}
