/** The summary of a fine-tuning: a table of its rounds, from finetune.json. */
import { join } from "node:path";
import type { Estimate } from "../../evaluation/evaluation.js";
import { type Finetuning, finetuneFile } from "../../evaluation/finetuning.js";
import { readFinetuningFile } from "../../evaluation/read-results.js";
import { formatByteSize } from "../byte-size.js";
import { formatDuration } from "../progress.js";
import type { RunSummary } from "../summary.js";
import type { SummaryForm } from "../with-run.js";
import { roundTable } from "./table.js";

const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);

/** `61.3 % (56.0 to 66.4)`. */
export function accuracyText({ value, low, high }: Estimate): string {
  if (value === null) return "-";
  const interval = low === null || high === null ? "" : ` (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
  return `${percent(value)}${interval}`;
}

/** How solutions were selected: `top by runs/prm (er:2, min)`. */
export function selectionText({ selection, threshold, rewardModel, aggregate }: Finetuning): string {
  const rule = threshold === undefined ? selection : `${selection} ${threshold}`;
  if (!rewardModel) return rule;
  const details = [rewardModel.target ?? rewardModel.kind, aggregate].filter((detail) => detail !== undefined);
  return `${rule} by ${rewardModel.name} (${details.join(", ")})`;
}

/** @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA: the file of a finished run was removed or changed */
const readFinetuning = ({ out = "" }: RunSummary) => readFinetuningFile(join(out, finetuneFile));

async function finetuneText(summary: RunSummary): Promise<string> {
  const { counts, timings, out, alreadyComplete } = summary;
  const finetuning = await readFinetuning(summary);
  const { rounds, numSolutions, start, numDivergenceSolutions } = finetuning;
  const lines = [
    ["finetune", `${rounds.length} rounds in ${out}${alreadyComplete ? " (complete already)" : ""}`],
    ["selection", `${selectionText(finetuning)}, of ${numSolutions} solutions a problem`],
    ["problems", `${counts.problems} to train on, ${start.n} held out`],
  ];
  if (timings.run) lines.push(["time", formatDuration(timings.run)]);
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  const facts = lines.map(([name = "", text]) => `${name.padEnd(14)}${text}\n`).join("");
  const divergence = numDivergenceSolutions > 0 ? "; divergence from the start in nats a token" : "";
  const legend = `Accuracy and tokens of greedy solutions of the held-out problems, with 95 % intervals${divergence};\nright behind "tokens": of the solutions that the round rolled out.\n`;
  return `${facts}${roundTable(finetuning)}${legend}`;
}

export const finetuneSummaryForm: SummaryForm = {
  text: finetuneText,
  json: async (summary) => JSON.stringify({ ...summary, finetuning: await readFinetuning(summary) }),
};
