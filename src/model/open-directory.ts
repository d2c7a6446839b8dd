/** A directory in Hugging Face layout -> OpenedModel. */
import { basename } from "node:path";
import { Fields } from "./fields.js";
import { fingerprint } from "./fingerprint.js";
import { readHfConfig } from "./hf-config.js";
import { findModelFiles, type TokenizerFiles } from "./model-directory.js";
import type { OpenedModel, OpenOptions } from "./open-model.js";
import { readJsonObject } from "./read-file.js";
import { readSafetensors } from "./safetensors.js";
import { readShardedSafetensors } from "./sharded.js";
import { stopTokens } from "./stop-tokens.js";
import { tensorTable } from "./tensor-table.js";
import { settleTiedOutput } from "./tied-output.js";

/** @throws as `openModel` */
export async function openDirectory(directory: string, options: OpenOptions): Promise<OpenedModel> {
  const files = await findModelFiles(directory);
  const values = await readJsonObject(files.config);
  const { family, config } = readHfConfig(files.config, values, options.contextLength);
  const stored =
    "single" in files.weights
      ? await readSafetensors(files.weights.single)
      : await readShardedSafetensors(directory, files.weights.index);
  const tied = await settleTiedOutput(config, stored);
  const { checkpoint, notes } = tensorTable({
    source: directory,
    config: tied.config,
    tensors: tied.tensors.map((tensor) => ({ name: tensor.name, stored: tensor })),
    interleaved: false,
  });
  const { generationConfig } = files.tokenizerFiles;
  const eosFields: [Fields, string][] = [[new Fields(files.config, values), "eos_token_id"]];
  if (generationConfig) {
    eosFields.push([new Fields(generationConfig, await readJsonObject(generationConfig)), "eos_token_id"]);
  }
  const stops = stopTokens(eosFields, config.vocabularySize);
  const weightFiles = [...new Set(stored.map(({ file }) => file))];
  const paths = [files.config, ...weightFiles, ...tokenizerPaths(files.tokenizerFiles)];
  return {
    kind: "huggingface",
    path: directory,
    family,
    checkpoint,
    tokenizerFiles: files.tokenizerFiles,
    stopTokenIds: stops.ids,
    fingerprint: await fingerprint(
      paths.map((path) => ({ name: basename(path), path })),
      options.signal,
    ),
    notes: [...tied.notes, ...notes, ...stops.notes],
  };
}

function tokenizerPaths(files: TokenizerFiles): string[] {
  return Object.values(files).filter((path) => path !== undefined);
}
