/**
 * `manifest.json`: which run a directory belongs to, and how far it got. The identity is everything that decides the bytes of
 * the results; the same command with the same identity goes on, another one is refused.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { replaceFile } from "./atomic-file.js";
import { dataError, shown } from "./data-error.js";
import { ioError } from "./io-error.js";

/** What must be equal for a run to go on. Values are JSON; undefined options are absent ones. */
export interface RunIdentity {
  stage: string;
  /** Every option that changes results, with its resolved value. */
  options: Record<string, unknown>;
  seed: number | string;
  /** SHA-256 of each input file, by what it is to the stage (`problems`, `solutions`, ...). */
  inputs: Record<string, string>;
  /** Fingerprint of each model, by what it is to the stage (`policy`, `rewardModel`, ...). */
  models: Record<string, string>;
}

export interface Manifest extends RunIdentity {
  /** `clearing`: an earlier run's files are being removed; `unfinished`: results are being written; `complete`. */
  status: "clearing" | "unfinished" | "complete";
  /** Files of the directory that the stage writes. */
  outputs: string[];
  /** Where the inputs were found; not part of the identity. */
  inputPaths: Record<string, string>;
  /** Options that change nothing in the results (threads, batch sizes, ...). */
  freeOptions: Record<string, unknown>;
  build: Record<string, unknown>;
  /** ISO 8601, UTC. */
  startedAt: string;
  completedAt?: string;
  /** Numbers of records and the like, when complete. */
  counts?: Record<string, number>;
  /** Seconds by what took them, when complete. */
  timings?: Record<string, number>;
  /** Of a run that was merged from shards: what each of them recorded of itself. */
  mergedFrom?: MergedShard[];
}

export interface MergedShard extends Pick<Manifest, "build" | "startedAt" | "completedAt" | "counts" | "timings"> {
  /** `0/8`. */
  shard: string;
  /** Its directory, as it was named. */
  path: string;
}

export const manifestName = "manifest.json";

/** Undefined when there is none. @throws ERPRM_INVALID_DATA for a file that is no manifest, ERPRM_IO */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw ioError(error, path, "read");
  }
  try {
    const manifest = JSON.parse(text) as Manifest;
    const known = ["clearing", "unfinished", "complete"].includes(manifest.status) && Array.isArray(manifest.outputs);
    if (known && typeof manifest.stage === "string") return manifest;
  } catch {
    // Falls through: text that does not parse is no manifest either.
  }
  throw dataError("Expected the manifest of a run", { file: path, line: 1 });
}

export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  await replaceFile(path, (handle) => handle.writeFile(bytes));
}

/** 64 hexadecimal digits that stand for everything that decides the results. */
export function identityKey({ stage, options, seed, inputs, models }: Readonly<RunIdentity>): string {
  return createHash("sha256").update(canonical({ stage, options, seed, inputs, models })).digest("hex");
}

/**
 * What a person should read when the two differ: one line a difference, empty when they are one run. Of two stages that alone
 * is said: no option of the one is an option of the other.
 */
export function identityDifferences(there: RunIdentity, here: RunIdentity): string[] {
  if (there.stage !== here.stage) return differences("stage", there.stage, here.stage);
  return [
    ...differences("seed", there.seed, here.seed),
    ...fieldDifferences("option", there.options, here.options),
    ...fieldDifferences("input", there.inputs, here.inputs),
    ...fieldDifferences("model", there.models, here.models),
  ];
}

function fieldDifferences(kind: string, there: Record<string, unknown> = {}, here: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(there), ...Object.keys(here)]);
  return [...names].sort().flatMap((name) => differences(`${kind} ${name}`, there[name], here[name]));
}

function differences(name: string, there: unknown, here: unknown): string[] {
  return canonical(there) === canonical(here) ? [] : [`${name} was ${brief(there)} and is now ${brief(here)}`];
}

/** JSON with sorted keys, so that the order in which options were given does not matter. */
function canonical(value: unknown): string {
  const sort = (_key: string, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, sort) ?? "undefined";
}

function brief(value: unknown): string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 12);
  return value === undefined ? "not given" : shown(value).replace(/ \(\w+\)$/, "");
}
