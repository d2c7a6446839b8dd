/**
 * Solutions must be completed under the prompt they were sampled with. A solutions file of ours lies beside the manifest of
 * its run, which tells.
 */
import { basename, dirname, join } from "node:path";
import { manifestName, readManifest } from "../data/manifest.js";
import type { PromptSettings } from "../text/prompt.js";

export interface PromptOrigin {
  prompt: PromptSettings;
  /** The manifest they were read from. */
  manifest: string;
}

/**
 * The prompt settings of the run that wrote the file; undefined when there is no manifest beside it that lists it.
 * @throws ERPRM_INVALID_DATA for a broken manifest, ERPRM_IO
 */
export async function promptOrigin(solutionsFile: string): Promise<PromptOrigin | undefined> {
  const path = join(dirname(solutionsFile), manifestName);
  const manifest = await readManifest(path);
  if (!manifest?.outputs.includes(basename(solutionsFile))) return undefined;
  const text = (name: string) => {
    const value = manifest.options[name];
    return typeof value === "string" ? value : undefined;
  };
  const prompt = { system: text("system"), instruction: text("instruction"), template: text("template") };
  return { prompt, manifest: path };
}
