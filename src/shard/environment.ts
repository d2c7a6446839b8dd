/**
 * Which shard this process is, from what a scheduler says. It is read when it is asked for (`auto`) and never otherwise: a
 * variable that is inherited from somewhere must not silently halve anybody's data. What does not say clearly how many
 * shards there are is refused. torchrun's RANK and WORLD_SIZE are not read: they belong to training.
 */
import { ErprmError } from "../errors.js";
import { formatShard, maxShards, parseShard, type Shard } from "./shard.js";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface FoundShard {
  shard: Shard;
  /** Where it was read from, in words for the user; undefined where they said it themselves. */
  source?: string;
}

/**
 * `i/n`: this one. `auto`: from a Slurm job array, a Slurm step (`srun`), or the two together. `auto/n`: the number is given, the
 * index is the array's task id, the step's rank or the completion index of an indexed Kubernetes job, as it is.
 * @throws ERPRM_INVALID_ARGUMENT {name} for other texts, and where the environment does not say which shard this is
 */
export function findShard(text: string, environment: Environment): FoundShard {
  const [, given] = /^auto(?:\/(\d+))?$/.exec(text) ?? [];
  if (!text.startsWith("auto") || (given === undefined && text !== "auto")) {
    return { shard: parseShard(text, "--shard, where it is not auto or auto/n,") };
  }
  return given === undefined ? fromScheduler(environment) : withCount(Number(given), environment);
}

/** What to tell a user whose process is one of several and who did not ask for a shard; undefined for all others. */
export function unaskedShard(environment: Environment): string | undefined {
  const numTasks = number(environment, "SLURM_ARRAY_TASK_COUNT") ?? 1;
  const numRanks = number(environment, "SLURM_STEP_NUM_TASKS") ?? 1;
  const isIndexed = environment.JOB_COMPLETION_INDEX !== undefined;
  if (numTasks <= 1 && numRanks <= 1 && !isIndexed) return undefined;
  const where = isIndexed ? "an indexed Kubernetes job" : numTasks > 1 ? "a Slurm job array" : "a Slurm step";
  return `this is one process of several (${where}) and does all of the work; --shard auto${isIndexed ? "/N" : ""} divides it`;
}

function fail(message: string): never {
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "shard" });
}

/** Undefined where the variable is not there. */
function number(environment: Environment, name: string): number | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  return /^\d+$/.test(text) ? Number(text) : fail(`Expected ${name} to be a whole number, received "${text}"`);
}

function fromScheduler(environment: Environment): FoundShard {
  const task = arrayTask(environment);
  const rank = stepRank(environment);
  const isIndexed = environment.JOB_COMPLETION_INDEX !== undefined;
  if (isIndexed && (task || rank)) fail(ambiguous("auto"));
  if (isIndexed) {
    fail(
      "Expected --shard auto/N in an indexed Kubernetes job, N being its number of completions, received auto: it is not in the environment",
    );
  }
  const source = [task?.source, rank?.source].filter((one) => one !== undefined).join(", ");
  if (source === "") fail(nothingFound("auto"));
  const [outer, inner] = [task?.shard ?? { index: 0, of: 1 }, rank?.shard ?? { index: 0, of: 1 }];
  return { shard: checked({ index: outer.index * inner.of + inner.index, of: outer.of * inner.of }), source };
}

function withCount(of: number, environment: Environment): FoundShard {
  const asked = `auto/${of}`;
  const rank = stepRank(environment);
  const names = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"].filter(
    (name) => number(environment, name) !== undefined,
  );
  if (rank) names.push("SLURM_PROCID");
  const [name] = names;
  if (name === undefined) fail(nothingFound(asked));
  if (names.length > 1) fail(ambiguous(asked));
  const index = number(environment, name) as number;
  if (index >= of) fail(`Expected ${name} to be from 0 to ${of - 1} for --shard ${asked}, received ${index}`);
  return { shard: checked({ index, of }), source: `${name}=${index}` };
}

function checked(shard: Shard): Shard {
  if (shard.of < 1 || shard.of > maxShards) fail(`Expected 1 to ${maxShards} shards, received ${shard.of}`);
  return shard;
}

/**
 * Some tasks of an array that are run again (`--array=3,5`) look like a small array of their own, which would divide the
 * problems differently: only a range without gaps from 0 or 1 says what it is.
 */
function arrayTask(environment: Environment): { shard: Shard; source: string } | undefined {
  const id = number(environment, "SLURM_ARRAY_TASK_ID");
  if (id === undefined) return undefined;
  const [min, max, count] = ["MIN", "MAX", "COUNT"].map((name) => number(environment, `SLURM_ARRAY_TASK_${name}`));
  const isWhole =
    min !== undefined && max !== undefined && min <= 1 && count === max - min + 1 && id >= min && id <= max;
  if (!isWhole) {
    fail(
      `Expected a Slurm array without gaps from 0 or 1 for --shard auto, received task ${id} of ${count ?? "?"} from ${min ?? "?"} to ${max ?? "?"}; where only some of its tasks run again, say how many there were: --shard auto/N with --array=0-(N - 1)`,
    );
  }
  return { shard: { index: id - min, of: count }, source: `SLURM_ARRAY_TASK_ID=${id} of ${min} to ${max}` };
}

/** Of a step of several tasks (`srun`). The batch script itself has a SLURM_PROCID too, and is one process. */
function stepRank(environment: Environment): { shard: Shard; source: string } | undefined {
  const of = number(environment, "SLURM_STEP_NUM_TASKS") ?? 1;
  const index = number(environment, "SLURM_PROCID");
  if (of <= 1 || index === undefined) return undefined;
  return { shard: { index, of }, source: `SLURM_PROCID=${index} of ${of}` };
}

function nothingFound(asked: string): string {
  return `Expected a Slurm array (SLURM_ARRAY_TASK_ID), a Slurm step of several tasks (SLURM_STEP_NUM_TASKS) or an indexed Kubernetes job (JOB_COMPLETION_INDEX) for --shard ${asked}, found none in the environment; elsewhere say which one: --shard ${formatShard({ index: 0, of: 8 })}`;
}

function ambiguous(asked: string): string {
  return `Expected one scheduler for --shard ${asked}, found several in the environment; say which shard this is: --shard i/n`;
}
