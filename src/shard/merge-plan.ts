/**
 * Which directories make a whole: every shard of one run, each once and finished. What does not fit is refused, all of it
 * named at once.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ioError } from "../data/io-error.js";
import { identityDifferences, type Manifest, manifestName, readManifest } from "../data/manifest.js";
import { ErprmError } from "../errors.js";
import { problemListName, readProblemList } from "./problem-list.js";
import { formatShard, numProblemsOf, parseShard, type Shard, shardOfDirectoryName } from "./shard.js";

export interface ShardRun {
  path: string;
  shard: Shard;
  manifest: Manifest;
  /** In the order of the input. */
  problemIds: string[];
}

/**
 * The shards by index. A directory without a manifest stands for the shard directories in it.
 * @throws ERPRM_NOT_FOUND {path} for a directory that is none; ERPRM_RUN_CONFLICT {path, differences} for shards of several
 *   runs; ERPRM_INVALID_DATA {problems} for holes, overlaps and unfinished shards; ERPRM_IO
 */
export async function planMerge(paths: readonly string[]): Promise<ShardRun[]> {
  const found: ShardRun[] = [];
  for (const path of (await Promise.all(paths.map(shardDirectories))).flat()) found.push(await readShard(path));
  const [first, ...others] = found;
  if (!first) {
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", "Expected at least one shard directory, received none", {
      name: "shards",
    });
  }
  for (const other of others) expectSameRun(first, other);
  const faults = faultsOf(found, first.shard.of);
  if (faults.length > 0) {
    const message = `Expected the ${first.shard.of} shards of a run, each once and finished: ${faults.join("; ")}`;
    throw new ErprmError("ERPRM_INVALID_DATA", message, { problems: faults });
  }
  found.sort((a, b) => a.shard.index - b.shard.index);
  for (const run of found) run.problemIds = await readProblemList(join(run.path, problemListName));
  expectWholeLists(found);
  return found;
}

/** The manifest of the whole run, as far as a shard knows it. */
export function wholeIdentity({ stage, options, seed, inputs, models }: Manifest) {
  const { shard: _, ...others } = options;
  return { stage, options: others, seed, inputs, models };
}

async function shardDirectories(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw ioError(error, path, "read");
  });
  if (names.includes(manifestName)) return [path];
  const shards = names.filter((name) => shardOfDirectoryName(name) !== undefined);
  if (shards.length === 0) {
    const message = `Expected the directory of a shard, or one with such directories in it, at ${path}: found no ${manifestName}`;
    throw new ErprmError("ERPRM_NOT_FOUND", message, { path });
  }
  return shards.map((name) => join(path, name));
}

async function readShard(path: string): Promise<ShardRun> {
  const manifest = await readManifest(join(path, manifestName));
  const text = manifest?.options.shard;
  if (!manifest || typeof text !== "string") {
    const what = manifest ? `a whole ${manifest.stage} run` : `no ${manifestName}: the shard has not begun`;
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected the run of a shard in ${path}, found ${what}`, { path });
  }
  return { path, manifest, shard: parseShard(text, `the shard in ${path}`), problemIds: [] };
}

function expectSameRun(first: ShardRun, other: ShardRun): void {
  const differences = identityDifferences(wholeIdentity(first.manifest), wholeIdentity(other.manifest));
  if (first.shard.of !== other.shard.of) {
    differences.push(`it is one of ${other.shard.of} shards, not of ${first.shard.of}`);
  }
  if (differences.length === 0) return;
  const message = `Expected shards of one run, found another one in ${other.path} than in ${first.path}: ${differences.join("; ")}`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path: other.path, differences });
}

function faultsOf(runs: readonly ShardRun[], of: number): string[] {
  const byIndex = new Map<number, ShardRun[]>();
  for (const run of runs) byIndex.set(run.shard.index, [...(byIndex.get(run.shard.index) ?? []), run]);
  const missing = Array.from({ length: of }, (_, index) => index).filter((index) => !byIndex.has(index));
  const faults = missing.length > 0 ? [`missing: ${listed(missing.map((index) => formatShard({ index, of })))}`] : [];
  for (const same of byIndex.values()) {
    const [one] = same as [ShardRun, ...ShardRun[]];
    if (same.length > 1)
      faults.push(`${formatShard(one.shard)} is there more than once (${same.map(({ path }) => path).join(", ")})`);
  }
  const unfinished = runs.filter(({ manifest }) => manifest.status !== "complete");
  if (unfinished.length > 0) {
    faults.push(`not finished: ${listed(unfinished.map(({ shard, path }) => `${formatShard(shard)} (${path})`))}`);
  }
  const holed = runs.filter(({ manifest }) => (manifest.counts?.setAside ?? 0) > 0);
  if (holed.length > 0) {
    faults.push(
      `with units that were set aside: ${listed(holed.map(({ shard, path }) => `${formatShard(shard)} (${path})`))}`,
    );
  }
  return faults;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}

/** Every problem in one shard, and as many in each as taking turns gives. */
function expectWholeLists(runs: readonly ShardRun[]): void {
  const numProblems = runs.reduce((sum, { problemIds }) => sum + problemIds.length, 0);
  const pathOf = new Map<string, string>();
  for (const { path, shard, problemIds } of runs) {
    const expected = numProblemsOf(shard, numProblems);
    if (problemIds.length !== expected) {
      const message = `Expected ${expected} of ${numProblems} problems in shard ${formatShard(shard)}, found ${problemIds.length} in ${join(path, problemListName)}`;
      throw new ErprmError("ERPRM_INVALID_DATA", message, { file: join(path, problemListName) });
    }
    for (const id of problemIds) {
      const other = pathOf.get(id);
      if (other !== undefined) {
        const message = `Expected every problem in one shard, found ${JSON.stringify(id)} in ${other} and ${path}`;
        throw new ErprmError("ERPRM_INVALID_DATA", message, { file: join(path, problemListName) });
      }
      pathOf.set(id, path);
    }
  }
}
