/**
 * A shard: the problems of a run that one process works on, every n-th one from the i-th on, with all of their solutions.
 * Taking turns spreads files that are sorted by difficulty; as draws do not depend on a problem's place, the shards together
 * have the bytes of the whole run.
 */
import { failArgument } from "../check.js";

export interface Shard {
  /** From 0. */
  index: number;
  /** How many there are. */
  of: number;
}

/** More are a mistake: a merge holds a file of each open. */
export const maxShards = 100_000;

/** `2/8`, as a manifest has it. */
export function formatShard({ index, of }: Shard): string {
  return `${index}/${of}`;
}

/** @throws ERPRM_INVALID_ARGUMENT {name, expected, received} for anything but `i/n` with 0 <= i < n */
export function parseShard(text: string, name = "shard"): Shard {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  const isShard = index !== undefined && shard.of >= 1 && shard.of <= maxShards && shard.index < shard.of;
  return isShard ? shard : failArgument(name, "i/n with i from 0 to n - 1, such as 0/8", text);
}

/** The directory of a shard inside the directory that all shards are given: `shard-2-of-8`. */
export function shardDirectoryName({ index, of }: Shard): string {
  return `shard-${index}-of-${of}`;
}

/** Undefined for a name of another form. */
export function shardOfDirectoryName(name: string): Shard | undefined {
  const [, index, of] = /^shard-(\d+)-of-(\d+)$/.exec(name) ?? [];
  return index === undefined ? undefined : { index: Number(index), of: Number(of) };
}

/** True when the problem with this place in the input, from 0, belongs to the shard. */
export function holdsProblem({ index, of }: Shard, place: number): boolean {
  return place % of === index;
}

/** How many of `numProblems` problems the shard has. */
export function numProblemsOf({ index, of }: Shard, numProblems: number): number {
  return Math.max(0, Math.ceil((numProblems - index) / of));
}
