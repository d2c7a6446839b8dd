/**
 * A LoRA adapter that training goes on from: a directory with adapter_config.json and adapter_model.safetensors, written by
 * an earlier training (its `adapter/`) or by the PEFT library. Opening reads no numbers: `expectAdapterFits` holds it against
 * the base model, `loadAdapter` puts its numbers into a trainer.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ErprmError } from "../errors.js";
import { fileError, readJsonObject } from "../model/read-file.js";
import { readSafetensorsHeader } from "../model/safetensors.js";
import { failCheckpoint, type StoredTensor } from "../model/stored-tensor.js";
import { type AdapterConfig, readAdapterConfig } from "./adapter-config.js";
import { adapterConfigName, adapterPrefix, adapterWeightsName, baseFingerprintKey } from "./adapter-files.js";

export interface OpenedAdapter extends AdapterConfig {
  directory: string;
  configPath: string;
  weightsPath: string;
  /** By the names of the base model, without the prefix. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Of the base model it was trained on; PEFT's own files do not say it. */
  baseFingerprint?: string;
}

/**
 * @throws ERPRM_NOT_FOUND for a directory without an adapter; ERPRM_INVALID_CHECKPOINT for one that is pickled, torn, or not
 *   computed here; ERPRM_IO
 */
export async function openAdapter(directory: string): Promise<OpenedAdapter> {
  const names = await readdir(directory).catch((error) => {
    throw directoryError(directory, error);
  });
  if (!names.includes(adapterConfigName)) await failWithoutConfig(directory, names);
  const [configPath, weightsPath] = [join(directory, adapterConfigName), join(directory, adapterWeightsName)];
  const config = readAdapterConfig(configPath, await readJsonObject(configPath));
  if (!names.includes(adapterWeightsName)) failWithoutWeights(directory, names);
  const { tensors, metadata } = await readSafetensorsHeader(weightsPath);
  const baseFingerprint = metadata.get(baseFingerprintKey);
  return {
    ...config,
    ...{ directory, configPath, weightsPath },
    tensors: new Map(tensors.map((tensor) => [baseName(tensor), tensor])),
    ...(baseFingerprint !== undefined && { baseFingerprint }),
  };
}

function baseName({ name, file }: StoredTensor): string {
  if (name.startsWith(adapterPrefix)) return name.slice(adapterPrefix.length);
  failCheckpoint(file, `Expected names that begin with ${adapterPrefix}, as PEFT writes them, found tensor ${name}`, {
    tensor: name,
  });
}

function directoryError(path: string, error: unknown): ErprmError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== "ENOENT" && code !== "ENOTDIR") return fileError(path, error);
  const found = code === "ENOENT" ? "nothing there" : "a file";
  const message = `Expected a directory with a LoRA adapter at ${path}, found ${found}`;
  return new ErprmError("ERPRM_NOT_FOUND", message, { path }, error);
}

async function failWithoutConfig(directory: string, names: readonly string[]): Promise<never> {
  const inside = names.includes("adapter") ? await readdir(join(directory, "adapter")).catch(() => []) : [];
  const hint = inside.includes(adapterConfigName) ? `; there is one in ${join(directory, "adapter")}: name that` : "";
  throw new ErprmError("ERPRM_NOT_FOUND", `Expected ${adapterConfigName} in ${directory}, found none${hint}`, {
    path: join(directory, adapterConfigName),
  });
}

function failWithoutWeights(directory: string, names: readonly string[]): never {
  const pickled = names.find((name) => /^adapter_model\.(bin|pt|pth)$/.test(name));
  if (pickled !== undefined) {
    failCheckpoint(
      directory,
      `Expected ${adapterWeightsName}, found only ${pickled}, which is not read since loading it runs code: save the adapter with safe_serialization`,
      { found: pickled },
    );
  }
  throw new ErprmError("ERPRM_NOT_FOUND", `Expected ${adapterWeightsName} in ${directory}, found none`, {
    path: join(directory, adapterWeightsName),
  });
}
