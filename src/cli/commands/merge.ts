/** `erprm merge`: its options. What it does is in merge/run-merge.ts. */
import type { Command } from "commander";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions } from "../stage-options.js";

export const mergeOptions = [
  {
    name: "out",
    kind: { type: "text" },
    argument: "DIR",
    help: "the run directory of the whole (required): new, empty, or one that this merge made",
  },
  { name: "force", kind: { type: "switch" }, help: "start over, whatever run the directory holds", default: false },
  ...commonOptions,
] as const;

export function mergeCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "merge",
      summary: "put the shards of a run together",
      details: `Shards are what --shard made of rollout, label or score. A directory that is no run stands for the shard directories in it. Every
shard must be there once, finished, and of the same run: options, inputs, models and seed. Anything else is refused and named.

The result is the run directory that the command without --shard writes, with the same bytes in every .jsonl: later commands
take it as such, and the command itself finds it complete. What each shard counted and how long it took stays in the
manifest (mergedFrom). The shards are left as they are. A merge that was killed is started again by the same command.

Examples:
  erprm merge --out runs/labels runs/shards
  erprm merge --out runs/labels runs/shards/shard-*-of-8`,
      operands: { name: "SHARD_DIR", help: "directories of shards, or one with all of them in it" },
    },
    mergeOptions,
    async () => (await import("../merge/run-merge.js")).runMerge,
    surroundings,
  );
}
