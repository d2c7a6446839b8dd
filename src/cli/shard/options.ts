/** `--shard`: the option, and what it makes of the command's run. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunDescription, RunDirectory } from "../../data/run-directory.js";
import { ErprmError } from "../../errors.js";
import { type Environment, findShard, unaskedShard } from "../../shard/environment.js";
import { problemListName, writeProblemList } from "../../shard/problem-list.js";
import { formatShard, type Shard, shardDirectoryName, shardOfDirectoryName } from "../../shard/shard.js";
import type { OptionSpec } from "../option.js";
import type { Surroundings } from "../stage-command.js";
import { under } from "../stage-options.js";
import { note } from "../with-run.js";

export const shardOptions = under("Many machines:", [
  {
    name: "shard",
    kind: { type: "text" },
    argument: "I/N",
    help: "work on every N-th problem from the I-th on (I from 0), in DIR/shard-I-of-N; auto and auto/N read I from Slurm or Kubernetes; erprm merge puts the shards together",
    defaultText: "all problems",
  },
] as const satisfies readonly OptionSpec[]);

/** What every command that can be sharded says of it. */
export const shardHelp = `--shard I/N divides the problems among N processes, on as many machines as there are: each works on every N-th problem,
with all of its solutions, and writes to DIR/shard-I-of-N, DIR being the same --out for all. --shard auto takes I and N from a
Slurm array (sbatch --array=0-7) or step (srun -n 8), --shard auto/8 takes I from an indexed Kubernetes job or from an array of which
some tasks run again. erprm merge --out WHOLE DIR puts them together: the bytes of the run that was not divided.`;

/** A run of all problems, or of one shard's. */
export interface ShardedRun {
  shard: Shard | undefined;
  /** The run directory. */
  out: string;
}

/**
 * Says on standard error which shard it is when the environment told, and where somebody may have forgotten to ask.
 * @throws ERPRM_INVALID_ARGUMENT as `findShard`; ERPRM_RUN_CONFLICT {path} where `out` has shards of another division
 */
export async function shardedRun(
  { shard: text, out, force, quiet }: { shard: string | undefined; out: string; force: boolean; quiet: boolean },
  surroundings: Pick<Surroundings, "stderr">,
  environment: Environment = process.env,
): Promise<ShardedRun> {
  if (text === undefined) {
    const advice = unaskedShard(environment);
    if (advice !== undefined) surroundings.stderr.write(`erprm: ${advice}\n`);
    return { shard: undefined, out };
  }
  const { shard, source } = findShard(text, environment);
  const others = (await namesIn(out)).map(shardOfDirectoryName).filter((other) => other && other.of !== shard.of);
  if (others[0] && !force) {
    const message = `Expected the ${shard.of} shards of a run in ${out}, found one of ${others[0].of} (${shardDirectoryName(others[0])}); choose another directory, or say --shard auto/${others[0].of} where some tasks of an array run again`;
    throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path: out, shard: formatShard(shard) });
  }
  const directory = join(out, shardDirectoryName(shard));
  const from = source === undefined ? "" : ` (${source})`;
  note(`shard ${formatShard(shard)}${from} in ${directory}`, { quiet: quiet && source === undefined }, surroundings);
  return { shard, out: directory };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Not there yet, or no directory, which whoever writes there will say.
    return [];
  }
}

/** What a shard adds to the description of its run: nothing for the whole. */
export function shardIdentity({ shard }: ShardedRun): Pick<RunDescription, "options" | "outputs"> {
  return shard ? { options: { shard: formatShard(shard) }, outputs: [problemListName] } : { options: {}, outputs: [] };
}

/** Writes down which problems the shard has, for the merge; nothing for the whole. @throws ERPRM_IO */
export async function keepProblemList(
  { shard }: ShardedRun,
  run: RunDirectory,
  problemIds: Iterable<string>,
): Promise<void> {
  if (shard) await writeProblemList(run.file(problemListName), [...new Set(problemIds)]);
}
