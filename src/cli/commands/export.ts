/** `erprm export`: its options. What it does is in run-formats.ts. */
import type { Command } from "commander";
import { formatNames } from "../../data/formats/registry.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions } from "../stage-options.js";

export const exportOptions = [
  {
    name: "format",
    kind: { type: "choice", choices: formatNames },
    argument: "NAME",
    help: `the format of the output: ${formatNames.join(", ")} (required)`,
  },
  { name: "labels", kind: { type: "text" }, argument: "FILE", help: "label records: labels.jsonl of a run (required)" },
  {
    name: "target",
    kind: { type: "text" },
    argument: "LABEL",
    help: "which label: hard, soft or er:ETA; any eta where the records have counts (required)",
  },
  {
    name: "out",
    kind: { type: "text" },
    argument: "FILE",
    help: "a .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet file",
    defaultText: "standard output, as JSON Lines",
  },
  ...commonOptions,
] as const;

export function exportCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "export",
      summary: "write step labels in a format of the field",
      details: `What the format cannot hold is said on standard error.

Example:
  erprm export --format math-shepherd --target hard --labels runs/labels/labels.jsonl --out math-shepherd.jsonl`,
    },
    exportOptions,
    async () => (await import("../run-formats.js")).runExport,
    surroundings,
  );
}
