/**
 * Whether a reward model learned from the very solutions that a report measures it on. The manifest beside its weights has the
 * SHA-256 of what it was trained on; without one nothing is known, and nothing is claimed.
 */
import { stat } from "node:fs/promises";
import { basename, dirname, join, normalize } from "node:path";
import { sha256OfFile } from "../data/file-hash.js";
import { type Manifest, manifestName, readManifest } from "../data/manifest.js";
import { ErprmError } from "../errors.js";
import type { JoinedFile, RunFiles } from "./run-files.js";

/**
 * @param model as scores name it: a path, seen from where the scoring was started
 * @param files with labels of the solutions. An outcome reward model learns from the solutions beside them.
 * @param runs of the report: where the path leads nowhere from here, the training may be among them
 */
export async function wasTrainedOn(
  model: string,
  files: readonly JoinedFile[],
  runs: readonly RunFiles[],
): Promise<boolean> {
  const inputs = new Set(Object.values((await trainingManifest(model, runs))?.inputs ?? {}));
  if (inputs.size === 0) return false;
  for (const { path, related } of files) {
    const beside = [...related].filter((one) => dirname(one) === dirname(path) && isRecords(one));
    for (const one of [path, ...beside]) if (inputs.has(await sha256OfFile(one))) return true;
  }
  return false;
}

const isRecords = (path: string) => ["labels.jsonl", "solutions.jsonl"].includes(basename(path));
const isTraining = ({ stage }: Manifest) => stage.startsWith("train ");

async function trainingManifest(model: string, runs: readonly RunFiles[]): Promise<Manifest | undefined> {
  const found = await manifestBeside(model);
  if (found) return isTraining(found) ? found : undefined;
  const ending = `/${normalize(model).replace(/^(\.{0,2}\/)+/, "")}`;
  const named = runs.filter(({ path, manifest }) => isTraining(manifest) && `/${path}`.endsWith(ending));
  return named.length === 1 ? named[0]?.manifest : undefined;
}

async function manifestBeside(model: string): Promise<Manifest | undefined> {
  const isDirectory = await stat(model).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (!isDirectory) return undefined;
  try {
    return await readManifest(join(model, manifestName));
  } catch (error) {
    // Models of others may have a manifest.json of another kind.
    if (error instanceof ErprmError && error.code === "ERPRM_INVALID_DATA") return undefined;
    throw error;
  }
}
