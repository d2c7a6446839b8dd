/** A directory in Hugging Face layout -> OpenedModel. */
import { basename } from "node:path";
import { Fields } from "./fields.js";
import { fingerprint } from "./fingerprint.js";
import { readHfConfig } from "./hf-config.js";
import { findModelFiles, type ModelDirectory, type TokenizerFiles } from "./model-directory.js";
import type { OpenedModel, OpenOptions } from "./open-model.js";
import { readJsonObject } from "./read-file.js";
import { readSafetensors } from "./safetensors.js";
import { readShardedSafetensors } from "./sharded.js";
import { stopTokens } from "./stop-tokens.js";
import type { StoredTensor } from "./stored-tensor.js";
import { tensorTable } from "./tensor-table.js";
import { settleTiedOutput } from "./tied-output.js";
import { readValueHead } from "./value-head.js";

/** @throws as `openModel` */
export async function openDirectory(directory: string, options: OpenOptions): Promise<OpenedModel> {
  const files = await findModelFiles(directory, options.weights);
  const values = await readJsonObject(files.config);
  const { family, head, config } = readHfConfig(files.config, values, options.contextLength);
  const stored = await readWeights(directory, files.weights);
  const shapes = new Map(stored.map(({ name, shape }) => [name, shape]));
  const valueHead = readValueHead(new Fields(files.config, values), head, config.hiddenSize, shapes);
  const tied = valueHead.length > 0 ? { config, tensors: stored, notes: [] } : await settleTiedOutput(config, stored);
  const { checkpoint, notes } = files.weights
    ? tensorTable({
        source: directory,
        config: tied.config,
        valueHead,
        tensors: tied.tensors.map((tensor) => ({ name: tensor.name, stored: tensor })),
        interleaved: false,
      })
    : { checkpoint: { config, files: [], tensors: [], valueHead }, notes: [] };
  const { generationConfig } = files.tokenizerFiles;
  const eosFields: [Fields, string][] = [[new Fields(files.config, values), "eos_token_id"]];
  if (generationConfig) {
    eosFields.push([new Fields(generationConfig, await readJsonObject(generationConfig)), "eos_token_id"]);
  }
  const stops = stopTokens(eosFields, config.vocabularySize);
  const weightFiles = [...new Set(stored.map(({ file }) => file))];
  const paths = [files.config, ...weightFiles, ...tokenizerPaths(files.tokenizerFiles)];
  if (files.rewardModelConfig) paths.push(files.rewardModelConfig);
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

async function readWeights(directory: string, weights: ModelDirectory["weights"]): Promise<StoredTensor[]> {
  if (!weights) return [];
  return "single" in weights ? readSafetensors(weights.single) : readShardedSafetensors(directory, weights.index);
}

function tokenizerPaths(files: TokenizerFiles): string[] {
  return Object.values(files).filter((path) => path !== undefined);
}
