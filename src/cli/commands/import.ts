/** `erprm import`: its options. What it does is in run-formats.ts. */
import type { Command } from "commander";
import { formatNames } from "../../data/formats/registry.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions } from "../stage-options.js";

export const importOptions = [
  {
    name: "format",
    kind: { type: "choice", choices: formatNames },
    argument: "NAME",
    help: `the format of the input: ${formatNames.join(", ")} (required)`,
  },
  {
    name: "input",
    kind: { type: "text" },
    argument: "FILE",
    help: "a .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet file (required)",
  },
  {
    name: "target",
    kind: { type: "text" },
    argument: "LABEL",
    help: "what the labels are: hard, soft or er:ETA",
    defaultText: "hard; er-prm: er:1; openr with values: soft",
  },
  {
    name: "out",
    kind: { type: "text" },
    argument: "FILE",
    help: "where label records go",
    defaultText: "standard output, as JSON Lines",
  },
  ...commonOptions,
] as const;

export function importCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "import",
      summary: "read step labels from a format of the field",
      details: `Imported steps have labels but no counts: other labels cannot be computed from them. What the input has and our records have no
place for is kept in each record, for the way back.

Example:
  erprm import --format prm800k --input phase2_train.jsonl --out labels.jsonl`,
    },
    importOptions,
    async () => (await import("../run-formats.js")).runImport,
    surroundings,
  );
}
