/**
 * What is in a run directory: its manifest, the files that a report reads, and the inputs of the run, where they still are
 * what they were. A score run holds no texts, so the solutions that it scored are looked for where it found them.
 */
import { open, readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256OfFile } from "../data/file-hash.js";
import { type Manifest, manifestName, readManifest } from "../data/manifest.js";
import { readRecords } from "../data/read-records.js";
import { ErprmError } from "../errors.js";

export type ReportFileKind =
  | "solutions"
  | "labels"
  | "scores"
  | "completions"
  | "training"
  | "evaluation"
  | "finetuning";

export interface ReportFile {
  kind: ReportFileKind;
  path: string;
  /** Of scores: the model's name, where the run gave it one. Of a training: what it trained, beside the run. */
  name?: string;
  /**
   * Solutions that mean others by the same names than the pool that a study is about: of a fine-tuning's last round, or found
   * by a search. They are shown where the report has no other ones.
   */
  isAside?: boolean;
}

export interface RunFiles {
  path: string;
  manifest: Manifest;
  files: ReportFile[];
  /** Inputs that are gone or not what they were. */
  notes: string[];
}

const kindOfName: Record<string, ReportFileKind> = {
  "solutions.jsonl": "solutions",
  "labels.jsonl": "labels",
  "completions.jsonl": "completions",
  "scores.jsonl": "scores",
  "training.jsonl": "training",
  "evaluation.json": "evaluation",
  "finetune.json": "finetuning",
};

/**
 * @throws ERPRM_NOT_FOUND {path} for a directory without a manifest, ERPRM_INVALID_DATA for a broken one,
 *   ERPRM_INVALID_ARGUMENT {path} for a demo's, which is none of a stage, ERPRM_IO
 */
export async function findRunFiles(path: string): Promise<RunFiles> {
  const manifest = await readManifest(join(path, manifestName));
  if (!manifest) {
    const message = `Expected a run directory at ${path}, found no ${manifestName} in it`;
    throw new ErprmError("ERPRM_NOT_FOUND", message, { path });
  }
  if (manifest.stage === "demo") {
    const message = `Expected a run of one stage at ${path}, found a demo: name runs in it, such as ${join(path, "evaluation")}`;
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { path });
  }
  const files: ReportFile[] = [];
  const add = async (file: ReportFile) => {
    if (await hasBytes(file.path)) files.push(file);
  };
  const isAside = manifest.stage === "search";
  for (const [name, kind] of Object.entries(kindOfName)) await add({ kind, path: join(path, name), isAside });
  for (const file of evaluatedScores(path, manifest)) await add(file);
  for (const file of await roundFiles(path, manifest)) await add(file);
  const notes: string[] = [];
  for (const [name, input] of Object.entries(manifest.inputPaths ?? {})) {
    const found = await followInput(input, manifest.inputs[name]);
    if (found === "changed")
      notes.push(`${path}: the ${name} at ${input} are not those that the run read; they are left out`);
    else if (found) files.push({ kind: found, path: input, ...scoredBy(name) });
    // The completions that labels were counted from lie beside them.
    const completions = join(dirname(input), "completions.jsonl");
    if (found === "labels" && (await hasBytes(completions))) files.push({ kind: "completions", path: completions });
  }
  return { path, manifest, files, notes };
}

/** What an evaluation's own models gave the solutions (`scores-NAME.jsonl`). */
function evaluatedScores(path: string, { stage, options }: Manifest): ReportFile[] {
  const names = stage === "evaluate" && Array.isArray(options.names) ? options.names.map(String) : [];
  return names.map((name) => ({ kind: "scores", path: join(path, `scores-${name}.jsonl`), name }));
}

/** An evaluation calls its inputs `scores of NAME`. */
function scoredBy(input: string): { name?: string } {
  const name = /^scores of (.+)$/.exec(input)?.[1];
  return name === undefined ? {} : { name };
}

/** The training of every round of a fine-tuning, and what the last round sampled. */
async function roundFiles(path: string, { stage }: Manifest): Promise<ReportFile[]> {
  if (stage !== "finetune") return [];
  const rounds = (await readdir(path))
    .flatMap((name) => /^round-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const folder = (round: number) => join(path, `round-${round}`);
  const trainings = rounds.map((round): ReportFile => {
    return { kind: "training", path: join(folder(round), "training.jsonl"), name: `round ${round}` };
  });
  const last = rounds[rounds.length - 1];
  if (last === undefined) return [];
  const sampled = (["solutions", "scores"] as const).map((kind): ReportFile => {
    return { kind, path: join(folder(last), `${kind}.jsonl`), isAside: true };
  });
  return [...trainings, ...sampled];
}

export interface JoinedFile extends ReportFile {
  /** Place of the run that it was first found in. */
  run: number;
  /** The other files of every run that has this one. */
  related: Set<string>;
}

/** Each file once, under its real path. */
export async function joinFiles(runs: readonly RunFiles[]): Promise<JoinedFile[]> {
  const joined = new Map<string, JoinedFile>();
  for (const [run, { files }] of runs.entries()) {
    const real = await Promise.all(files.map(async (file) => ({ ...file, path: await realpath(file.path) })));
    for (const file of real) {
      const known = joined.get(file.path) ?? { ...file, run, related: new Set<string>() };
      joined.set(file.path, known);
      for (const { path } of real) if (path !== file.path) known.related.add(path);
    }
  }
  return [...joined.values()];
}

/** A file that a run has only created yet has nothing to say. */
async function hasBytes(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "r");
    try {
      const facts = await handle.stat();
      return facts.isFile() && facts.size > 0;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Undefined: gone, or nothing that a report shows. */
async function followInput(path: string, sha256: string | undefined): Promise<ReportFileKind | "changed" | undefined> {
  const kind = await kindOfRecords(path);
  if (kind === undefined) return undefined;
  return (await sha256OfFile(path)) === sha256 ? kind : "changed";
}

/** By the first record. A model's file or a text that is no record at all is of no kind. */
async function kindOfRecords(path: string): Promise<ReportFileKind | undefined> {
  try {
    for await (const { value } of readRecords(path)) {
      const record = value as Record<string, unknown> | null;
      if (typeof record !== "object" || record === null || typeof record.problemId !== "string") return undefined;
      if (Array.isArray(record.stepScores)) return "scores";
      if (!Array.isArray(record.steps)) return undefined;
      return typeof record.steps[0] === "object" ? "labels" : "solutions";
    }
    return undefined;
  } catch (error) {
    if (error instanceof ErprmError && error.code !== "ERPRM_IO") return undefined;
    throw error;
  }
}
