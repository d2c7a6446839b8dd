/** Which files of a Hugging Face directory are the model: config, weights, tokenizer; and what is said when they are not there. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ErprmError } from "../errors.js";
import { fileError } from "./read-file.js";
import { failCheckpoint } from "./stored-tensor.js";

/** Paths of the files around the weights; the first is always there. */
export interface TokenizerFiles {
  tokenizer: string;
  tokenizerConfig?: string;
  chatTemplate?: string;
  generationConfig?: string;
}

export interface ModelDirectory {
  config: string;
  /** One safetensors file, or the index of several; absent only where weights are optional. */
  weights?: { single: string } | { index: string };
  tokenizerFiles: TokenizerFiles;
  /** How to score with the model: another such file makes another reward model of the same weights. */
  rewardModelConfig?: string;
}

const singleName = "model.safetensors";
const indexName = "model.safetensors.index.json";

/**
 * Finds the files.
 * @throws ERPRM_NOT_FOUND, naming the file that is missing and what lies there instead; ERPRM_INVALID_CHECKPOINT where the weights are
 * there, but pickled, and for an adapter without its model; ERPRM_IO
 */
export async function findModelFiles(
  directory: string,
  weights: "required" | "optional" = "required",
): Promise<ModelDirectory> {
  let names: string[];
  try {
    names = (await readdir(directory)).sort();
  } catch (error) {
    throw fileError(directory, error);
  }
  const isAdapter = names.includes("adapter_config.json");
  const pathOf = (name: string) => (names.includes(name) ? join(directory, name) : undefined);
  const config = pathOf("config.json");
  if (!config && isAdapter) failAdapter(directory);
  if (!config) failMissing(directory, "config.json", instead(names));
  const single = pathOf(singleName);
  const index = pathOf(indexName);
  if (!single && !index && isAdapter) failAdapter(directory);
  if (!single && !index && weights === "required") failWithoutWeights(directory, names);
  const tokenizer = pathOf("tokenizer.json");
  if (!tokenizer) failMissing(directory, "tokenizer.json", insteadOfTokenizer(names));
  const tokenizerConfig = pathOf("tokenizer_config.json");
  const chatTemplate = pathOf("chat_template.jinja");
  const generationConfig = pathOf("generation_config.json");
  const rewardModelConfig = pathOf("reward_model.json");
  return {
    config,
    ...(single ? { weights: { single } } : index && { weights: { index } }),
    ...(rewardModelConfig && { rewardModelConfig }),
    tokenizerFiles: {
      tokenizer,
      ...(tokenizerConfig && { tokenizerConfig }),
      ...(chatTemplate && { chatTemplate }),
      ...(generationConfig && { generationConfig }),
    },
  };
}

function failAdapter(directory: string): never {
  failCheckpoint(
    directory,
    "Expected a model, found a PEFT adapter (adapter_config.json): merge it into its base model first, and name the merged one; " +
      "`erprm train --lora-rank` writes the merged model beside the adapter, and `erprm train --adapter` goes on from an adapter",
  );
}

function failWithoutWeights(directory: string, names: readonly string[]): never {
  const pickled = names.filter((name) => /\.(bin|pt|pth|pkl|ckpt)$/.test(name) && name !== "training_args.bin");
  const others = names.filter((name) => name.endsWith(".safetensors"));
  if (pickled.length > 0 && others.length === 0) {
    failCheckpoint(
      directory,
      `Expected weights in ${singleName} or ${indexName}, found only pickled ones (${pickled[0]}), which are not read since loading them runs code: save the model with safe_serialization`,
      { found: pickled },
    );
  }
  failMissing(
    directory,
    `${singleName} or ${indexName}`,
    others.length > 0 ? `; found ${others.join(", ")}` : instead(names),
  );
}

function failMissing(directory: string, name: string, hint: string): never {
  throw new ErprmError("ERPRM_NOT_FOUND", `Expected ${name} in model directory ${directory}, found none${hint}`, {
    path: join(directory, name),
  });
}

function instead(names: readonly string[]): string {
  const gguf = names.filter((name) => name.endsWith(".gguf"));
  if (gguf.length > 0) return `; there is ${gguf.join(", ")}: name that file to load it`;
  return names.length === 0 ? "; the directory is empty" : "";
}

function insteadOfTokenizer(names: readonly string[]): string {
  const older = ["tokenizer.model", "vocab.json", "merges.txt"].filter((name) => names.includes(name));
  return older.length === 0
    ? ""
    : `; there is ${older.join(", ")}: save the tokenizer as tokenizer.json (transformers' fast tokenizer)`;
}
