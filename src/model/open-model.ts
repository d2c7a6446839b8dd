/**
 * From a model as the user names it to what native code loads: a directory in Hugging Face layout, a .gguf file, or one that
 * ships with the package (`builtin:tiny`). Reads
 * headers and metadata only, except for the fingerprint, which reads everything once.
 */
import { stat } from "node:fs/promises";
import { expectString } from "../check.js";
import { ErprmError } from "../errors.js";
import type { Checkpoint } from "../native/contract.js";
import { builtinDirectory } from "./builtin.js";
import type { Family } from "./family.js";
import type { GgufMetadata } from "./gguf-metadata.js";
import type { TokenizerFiles } from "./model-directory.js";
import { openDirectory } from "./open-directory.js";
import { openGguf } from "./open-gguf.js";
import { fileError, readBytes, withFile } from "./read-file.js";
import { failCheckpoint } from "./stored-tensor.js";

export interface OpenOptions {
  /** Tokens; the model's own when absent. With dynamic and longrope RoPE it also fixes the frequencies of the whole load. */
  contextLength?: number | undefined;
  /**
   * `optional`: a directory without weights opens with an empty tensor list, for training from nothing. Weights that are
   * there are read and checked all the same.
   */
  weights?: "required" | "optional" | undefined;
  signal?: AbortSignal | undefined;
}

interface OpenedCommon {
  /** The directory or file. */
  path: string;
  family: Family;
  checkpoint: Checkpoint;
  /** Every token that ends a turn or a text, ascending. */
  stopTokenIds: number[];
  /** SHA-256 over config, tokenizer and weights, 64 hexadecimal digits. */
  fingerprint: string;
  /** What was noticed and is harmless, in words for the user. */
  notes: string[];
}

/** A model, found and checked; its numbers are not read yet. */
export type OpenedModel =
  | (OpenedCommon & { kind: "huggingface"; tokenizerFiles: TokenizerFiles; ggufMetadata?: undefined })
  | (OpenedCommon & { kind: "gguf"; ggufMetadata: GgufMetadata; tokenizerFiles?: undefined });

/**
 * Opens the model of this name.
 * @throws ERPRM_NOT_FOUND for a missing directory or file, naming it; ERPRM_INVALID_CHECKPOINT for one that is there and cannot be used,
 * naming file and tensor or field; ERPRM_INVALID_ARGUMENT for a name or context length that cannot be served; ERPRM_IO; ERPRM_ABORTED
 */
export async function openModel(name: string, options: OpenOptions = {}): Promise<OpenedModel> {
  expectString("model", name);
  if (name.startsWith("openai:")) {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected a model directory, a .gguf file or builtin:tiny, received ${name}: models behind servers are for rollout and label, which only sample from them`,
      { name: "model", received: name },
    );
  }
  const builtin = builtinDirectory(name);
  if (builtin !== undefined) return openDirectory(builtin, options);
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(name)).isDirectory();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? notFound(name) : fileError(name, error);
  }
  if (isDirectory) return openDirectory(name, options);
  if (name.endsWith(".gguf") || (await startsLikeGguf(name))) return openGguf(name, options);
  const hint = /\.(safetensors|json)$/.test(name) ? ": name the directory it lies in" : "";
  return failCheckpoint(name, `Expected a model directory or a .gguf file, received another file${hint}`);
}

function notFound(name: string): ErprmError {
  const looksRemote = /^[\w.-]+\/[\w.-]+$/.test(name);
  const hint = looksRemote ? "; models are not downloaded: fetch it first and name its directory" : "";
  return new ErprmError("ERPRM_NOT_FOUND", `Expected a model directory or a .gguf file at ${name}, found none${hint}`, {
    path: name,
  });
}

async function startsLikeGguf(path: string): Promise<boolean> {
  return withFile(path, async (file) => (await readBytes(file, 0, 4)).toString("latin1") === "GGUF");
}
