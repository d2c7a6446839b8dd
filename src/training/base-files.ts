/** The files around the weights that a trained model takes over from its base. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ioError } from "../data/io-error.js";
import { writeSynced } from "../data/staging.js";
import { readJsonObject } from "../model/read-file.js";
import { configOfGguf, tokenizerFilesOfGguf } from "./gguf-base-files.js";
import type { TrainingBase } from "./training-base.js";

/** Everything that transformers reads beside config and weights. Nothing else of a base directory is copied. */
export const takenOverNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
] as const;

/** config.json of the base. @throws ERPRM_INVALID_CHECKPOINT, ERPRM_NOT_FOUND, ERPRM_IO */
export function baseConfig({ opened }: TrainingBase): Promise<Record<string, unknown>> {
  return opened.kind === "gguf" ? configOfGguf(opened) : readJsonObject(join(opened.path, "config.json"));
}

/**
 * What saving would fail on, to be said before training.
 * @throws ERPRM_INVALID_CHECKPOINT for a .gguf base that has no form as config.json; as `baseConfig`
 */
export async function expectSavable(base: TrainingBase): Promise<void> {
  await baseConfig(base);
  if (base.opened.kind === "gguf") tokenizerFilesOfGguf(base);
}

/** Copies them byte for byte; those of a .gguf file are made from its metadata. @throws ERPRM_IO */
export async function writeTakenOver(base: TrainingBase, directory: string): Promise<void> {
  if (base.opened.kind === "gguf") {
    for (const [name, text] of tokenizerFilesOfGguf(base)) await writeSynced(join(directory, name), text);
    return;
  }
  const { path } = base.opened;
  const present = await readdir(path);
  for (const name of takenOverNames) {
    if (!present.includes(name)) continue;
    // Read and written anew: a copy would be as read-only as the file that it was made of.
    const content = await readFile(join(path, name)).catch((error) => {
      throw ioError(error, join(path, name), "read");
    });
    const target = join(directory, name);
    await writeSynced(target, content).catch((error) => {
      throw ioError(error, target, "write");
    });
  }
}
