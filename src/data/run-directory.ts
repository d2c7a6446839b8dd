/**
 * A run directory: one run's files, resumable after any kill, never mixed with another run's.
 *   open -> (complete: nothing to do) | appender(...) ... finish(...)
 * The lock is held from `open` to `close`. The manifest is written before anything else, so files without one are not ours.
 */
import { lstat, readdir, realpath, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ErprmError } from "../errors.js";
import { sha256OfFile } from "./file-hash.js";
import { JsonlAppender, type KeyOf } from "./jsonl-appender.js";
import { keyLogFiles } from "./key-log.js";
import { makeDirectory } from "./make-directory.js";
import { identityDifferences, type Manifest, manifestName, readManifest, writeManifest } from "./manifest.js";
import { RunLock } from "./run-lock.js";

const lockName = "lock";

export interface RunDescription {
  stage: string;
  /** Every option that changes results, resolved. */
  options: Record<string, unknown>;
  /** Options that change nothing in the results: a run may go on with others. */
  freeOptions?: Record<string, unknown>;
  seed: number | string;
  /** Input files by what they are to the stage; hashed by `open`, where their hash is not known already. */
  inputs: Record<string, string | { path: string; sha256: string }>;
  /** Fingerprints of models by what they are to the stage. */
  models?: Record<string, string>;
  /** Recorded; another build may go on with a run (see `otherBuild`). */
  build: Record<string, unknown>;
  /** Names of the files that the stage writes in the directory: what `force` removes. */
  outputs: readonly string[];
  /** Those of them that only an unfinished run needs: they go when the manifest says that it is complete, not before. */
  scaffolding?: readonly string[];
}

export class RunDirectory {
  readonly path: string;
  /** True when an earlier call finished this very run: there is nothing to do. */
  readonly complete: boolean;
  /** True when an earlier call began this run: appenders hold what it finished. */
  readonly resumed: boolean;
  /** The build that began the run, when it is not the one that goes on: the results may differ in the last bits. */
  readonly otherBuild: Record<string, unknown> | undefined;
  #manifest: Manifest;
  #lock: RunLock | undefined;
  readonly #appenders: JsonlAppender<never>[] = [];
  readonly #scaffolding: readonly string[];

  private constructor(
    path: string,
    manifest: Manifest,
    lock: RunLock,
    earlier: Manifest | undefined,
    { build, scaffolding = [] }: RunDescription,
  ) {
    this.path = path;
    this.#scaffolding = scaffolding;
    this.complete = manifest.status === "complete";
    this.resumed = earlier !== undefined;
    const isOtherBuild = earlier !== undefined && JSON.stringify(earlier.build) !== JSON.stringify(build);
    this.otherBuild = isOtherBuild ? earlier.build : undefined;
    this.#manifest = manifest;
    this.#lock = lock;
  }

  /**
   * Creates the directory, or goes on with the same run in it.
   * @param options `force`: start over, whatever run the directory holds. Its outputs are removed only when the new manifest
   *   stands; files that no run of ours wrote stay.
   * @throws ERPRM_RUN_CONFLICT {path, differences} when the directory holds another run or other files, {path, pid} when
   *   another process writes in it, or when `force` would remove an input or a file that the manifest there does not list;
   *   ERPRM_INVALID_DATA {file} for a manifest.json that is none; ERPRM_INVALID_ARGUMENT {path} where a file stands in the
   *   directory's place; ERPRM_NOT_FOUND / ERPRM_IO {path}.
   */
  static async open(
    path: string,
    description: RunDescription,
    options: { force?: boolean } = {},
  ): Promise<RunDirectory> {
    const wanted = await manifestOf(description);
    await makeDirectory(path);
    const lock = await RunLock.acquire(join(path, lockName));
    try {
      const manifestPath = join(path, manifestName);
      const found = await readManifest(manifestPath);
      if (!options.force && (await mayGoOn(path, found, wanted))) {
        const directory = new RunDirectory(path, found as Manifest, lock, found, description);
        if (directory.complete) await directory.#removeScaffolding();
        if (directory.complete) await directory.close();
        return directory;
      }
      const outdated = [...new Set([...(found?.outputs ?? []), ...wanted.outputs])].filter(isPlainName);
      await refuseToRemoveInputs(path, outdated, wanted.inputPaths);
      await refuseToRemoveOthers(path, outdated, found?.outputs ?? []);
      await writeManifest(manifestPath, { ...wanted, outputs: outdated, status: "clearing" });
      for (const name of [...outdated, ...outdated.flatMap(keyLogFiles)])
        await rm(join(path, name), { recursive: true, force: true });
      await writeManifest(manifestPath, wanted);
      return new RunDirectory(path, wanted, lock, undefined, description);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get manifest(): Readonly<Manifest> {
    return this.#manifest;
  }

  /** The path of a file in the directory. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The live file `name`, with the records that an earlier call finished. `close` closes it. */
  async appender<T>(name: string, keyOf: KeyOf<T>): Promise<JsonlAppender<T>> {
    const appender = await JsonlAppender.open(this.file(name), keyOf, { keyLog: true });
    this.#appenders.push(appender as JsonlAppender<never>);
    return appender;
  }

  /** Marks the run complete and closes the directory. `timings` in seconds. */
  async finish(
    counts: Record<string, number>,
    timings: Record<string, number>,
    more: Pick<Manifest, "mergedFrom"> = {},
  ): Promise<void> {
    await this.#closeAppenders();
    const completedAt = new Date().toISOString();
    this.#manifest = { ...this.#manifest, status: "complete", completedAt, counts, timings, ...more };
    await writeManifest(this.file(manifestName), this.#manifest);
    await this.#removeScaffolding();
    await this.close();
  }

  async #removeScaffolding(): Promise<void> {
    const keyLogs = this.#manifest.outputs.filter(isPlainName).flatMap(keyLogFiles);
    for (const name of [...this.#scaffolding, ...keyLogs]) await rm(this.file(name), { recursive: true, force: true });
  }

  /** Closes the files and gives the lock back; the run can go on later. May be called again. */
  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await this.#closeAppenders();
    await lock?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAppenders(): Promise<void> {
    for (const appender of this.#appenders.splice(0)) await appender.close();
  }
}

async function manifestOf(description: RunDescription): Promise<Manifest> {
  const { stage, options, freeOptions = {}, seed, models = {}, build, outputs } = description;
  const inputs: Record<string, string> = {};
  const inputPaths: Record<string, string> = {};
  for (const [name, input] of Object.entries(description.inputs)) {
    const { path, sha256 } = typeof input === "string" ? { path: input, sha256: await sha256OfFile(input) } : input;
    inputs[name] = sha256;
    inputPaths[name] = resolve(path);
  }
  return {
    status: "unfinished",
    stage,
    options,
    seed,
    inputs,
    models,
    outputs: [...outputs],
    inputPaths,
    freeOptions,
    build,
    startedAt: new Date().toISOString(),
  };
}

/** True to go on with the run that is there, false to start one in an empty directory; throws otherwise. */
async function mayGoOn(path: string, found: Manifest | undefined, wanted: Manifest): Promise<boolean> {
  if (!found) {
    const others = (await readdir(path)).filter((name) => !name.startsWith(lockName) && !isTemporary(name)).sort();
    if (others.length === 0) return false;
    const named = others.slice(0, 3).join(", ") + (others.length > 3 ? ", ..." : "");
    const message = `Expected ${path} to be empty or a run directory, found ${named} and no ${manifestName}; choose another directory`;
    throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, files: others });
  }
  const differences = identityDifferences(found, wanted);
  if (differences.length > 0) {
    const message = `Expected ${path} to hold this run, found another: ${differences.join("; ")}. Choose another directory, or start over with --force`;
    throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, differences });
  }
  // A start-over with this identity was cut short: its old files are still to be removed.
  return found.status !== "clearing";
}

/** A manifest that somebody edited must not make `force` remove anything outside the directory. */
function isPlainName(name: unknown): name is string {
  return typeof name === "string" && basename(name) === name && name !== "" && name !== "." && name !== "..";
}

/** Left by a process that was killed while it replaced a file. */
function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".tmp");
}

async function refuseToRemoveInputs(path: string, outputs: string[], inputs: Record<string, string>): Promise<void> {
  const directory = await realpath(path);
  for (const [name, input] of Object.entries(inputs)) {
    const file = await realpath(input).catch(() => undefined);
    // What is not there cannot be removed; that it is missing is said where it is read.
    if (file === undefined) continue;
    if (outputs.some((output) => file === join(directory, output) || file.startsWith(`${join(directory, output)}/`))) {
      const message = `Expected the ${name} to lie outside the directory that is started over, received ${input}`;
      throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, input });
    }
  }
}

/** What has the name of an output, but was written by no run that the directory tells of, is somebody's own. */
async function refuseToRemoveOthers(path: string, outdated: string[], listed: readonly string[]): Promise<void> {
  const others: string[] = [];
  for (const name of outdated) {
    if (listed.includes(name)) continue;
    const isThere = await lstat(join(path, name)).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
    if (isThere) others.push(name);
  }
  if (others.length === 0) return;
  const message = `Expected ${path} to hold only files of earlier runs under the names of this run's, found ${others.join(", ")}, which none wrote; move them away, or choose another directory`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, files: others });
}
