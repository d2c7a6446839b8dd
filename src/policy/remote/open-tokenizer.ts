/** A model's tokenizer and templates without its weights, for a policy whose weights are elsewhere. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { ErprmError } from "../../errors.js";
import { builtinDirectory } from "../../model/builtin.js";
import { fingerprint } from "../../model/fingerprint.js";
import { readGguf } from "../../model/gguf.js";
import type { GgufMetadata } from "../../model/gguf-metadata.js";
import { findModelFiles } from "../../model/model-directory.js";
import { fileError } from "../../model/read-file.js";
import { loadText, type TextModel } from "../../text/text-model.js";

export interface OpenedTokenizer {
  text: TextModel;
  /** SHA-256 of what the tokenizer is made from, 64 hexadecimal digits. */
  fingerprint: string;
}

/**
 * @param name a model directory (weights are not needed), a .gguf file or builtin:tiny
 * @throws ERPRM_NOT_FOUND, ERPRM_INVALID_CHECKPOINT, ERPRM_INVALID_DATA, ERPRM_INVALID_ARGUMENT, ERPRM_IO, ERPRM_ABORTED
 */
export async function openTokenizer(name: string, signal?: AbortSignal): Promise<OpenedTokenizer> {
  const directory = builtinDirectory(name);
  if (directory !== undefined) return fromDirectory(directory, signal);
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(name)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileError(name, error);
    const message = `Expected a model directory or a .gguf file at ${name} for --tokenizer, found none`;
    throw new ErprmError("ERPRM_NOT_FOUND", message, { path: name });
  }
  return isDirectory ? fromDirectory(name, signal) : fromGguf(name);
}

async function fromDirectory(directory: string, signal: AbortSignal | undefined): Promise<OpenedTokenizer> {
  const { tokenizerFiles } = await findModelFiles(directory, "optional");
  const { tokenizer, tokenizerConfig, generationConfig, chatTemplate } = tokenizerFiles;
  const text = await loadText({
    kind: "huggingface",
    path: directory,
    tokenizerPath: tokenizer,
    ...(tokenizerConfig && { tokenizerConfigPath: tokenizerConfig }),
    ...(generationConfig && { generationConfigPath: generationConfig }),
    ...(chatTemplate && { chatTemplatePath: chatTemplate }),
  });
  const files = Object.values(tokenizerFiles).filter((path) => path !== undefined);
  const named = files.map((path) => ({ name: basename(path), path }));
  return { text, fingerprint: await fingerprint(named, signal) };
}

async function fromGguf(path: string): Promise<OpenedTokenizer> {
  const { metadata } = await readGguf(path);
  const text = await loadText({ kind: "gguf", path, ggufMetadata: metadata });
  return { text, fingerprint: metadataFingerprint(metadata) };
}

/** Of the tokenizer's part alone: files with other weights have the same one. */
function metadataFingerprint(metadata: GgufMetadata): string {
  const own = [...metadata].filter(([key]) => key.startsWith("tokenizer."));
  const sorted = own.sort(([a], [b]) => (a < b ? -1 : 1));
  const json = JSON.stringify(sorted, (_key, value) => (typeof value === "bigint" ? `${value}n` : value));
  return createHash("sha256").update(json).digest("hex");
}
