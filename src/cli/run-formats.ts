/** What `erprm import` and `erprm export` do. */
import { exportRecords } from "../data/formats/export-records.js";
import { Losses } from "../data/formats/format.js";
import { importRecords } from "../data/formats/import-records.js";
import { lossesOf } from "../data/formats/registry.js";
import { readRecords } from "../data/read-records.js";
import { readLabels } from "../data/read-solutions.js";
import type { exportOptions } from "./commands/export.js";
import type { importOptions } from "./commands/import.js";
import { deliver } from "./deliver.js";
import { expectFilePlace } from "./expect-file-place.js";
import { required } from "./policy-values.js";
import type { Run, Surroundings } from "./stage-command.js";
import { note } from "./with-run.js";

function report(
  summary: { format: string; target?: string; out?: string; numRecords: number },
  losses: Losses,
  never: readonly string[],
  values: { json: boolean; quiet: boolean },
  surroundings: Surroundings,
): void {
  const { format, out, numRecords } = summary;
  if (never.length > 0) note(`${format} does not hold: ${never.join("; ")}`, values, surroundings);
  for (const { what, numRecords: times } of losses.entries()) {
    note(`lost in ${times} of the records: ${what}`, values, surroundings);
  }
  const lost = Object.fromEntries(losses.entries().map(({ what, numRecords: times }) => [what, times]));
  if (values.json) surroundings.stdout.write(`${JSON.stringify({ ...summary, never, lost })}\n`);
  else note(`${numRecords} records${out === undefined ? "" : ` in ${out}`}`, values, surroundings);
}

export const runImport: Run<typeof importOptions> = async (values, _given, surroundings) => {
  const { out, target } = values;
  const format = required("format", values.format, "the format of the input");
  const input = required("input", values.input, "the file to import");
  if (out !== undefined) await expectFilePlace(out);
  const losses = new Losses();
  const records = importRecords(format, readRecords(input), { target, losses });
  const numRecords = await deliver(records, out, surroundings);
  const summary = { stage: "import", format, ...(target && { target }), ...(out && { out }), numRecords };
  report(summary, losses, [], values, surroundings);
};

export const runExport: Run<typeof exportOptions> = async (values, _given, surroundings) => {
  const { out } = values;
  const format = required("format", values.format, "the format of the output");
  const labels = required("labels", values.labels, "a file with label records");
  const target = required("target", values.target, "hard, soft or er:ETA");
  if (out !== undefined) await expectFilePlace(out);
  const losses = new Losses();
  const numRecords = await deliver(exportRecords(format, readLabels(labels), { target, losses }), out, surroundings);
  const summary = { stage: "export", format, target, ...(out && { out }), numRecords };
  report(summary, losses, lossesOf(format), values, surroundings);
};
