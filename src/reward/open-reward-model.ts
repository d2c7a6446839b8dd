/** From a reward model's name to what it is made of: its files, its text side, its convention and the addon. */
import { join } from "node:path";
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import { type FileStamp, stampFiles } from "../model/file-stamps.js";
import { type OpenedModel, openModel } from "../model/open-model.js";
import { readJsonObject } from "../model/read-file.js";
import type { Checkpoint, NativeAddon } from "../native/contract.js";
import { loadNative } from "../native/loader.js";
import { loadModelText } from "../policy/model-text.js";
import type { TextModel } from "../text/text-model.js";
import type { Convention, RewardModelConfig } from "./convention.js";
import { type ConventionPreset, conventionNames, presetNamed, presetOfArchitectures } from "./presets.js";
import { type ConventionRequest, resolveConvention } from "./resolve-convention.js";
import { expectConventionOf, readRewardModelConfig, rewardModelFile } from "./reward-model-config.js";

export interface RewardModelFiles {
  checkpoint: Checkpoint;
  /** Of the files of the weights. */
  stamps: readonly FileStamp[];
  text: TextModel;
  config: RewardModelConfig;
  fingerprint: string;
  notes: readonly string[];
  addon: NativeAddon;
}

export interface ConventionChoice {
  /** The name of a preset, the path of a reward_model.json, or a convention itself: in texts, or with its token ids. */
  convention?: string | ConventionRequest | Convention | undefined;
  /** Another tag than the preset's, for models that were trained with one. */
  stepTag?: string | undefined;
}

export async function openRewardModelFiles(
  model: string,
  options: ConventionChoice & { contextLength?: number | undefined; signal?: AbortSignal | undefined },
): Promise<RewardModelFiles> {
  const opened = await openModel(model, { contextLength: options.contextLength, signal: options.signal });
  const { checkpoint, fingerprint, notes } = opened;
  const text = await loadModelText(opened);
  const config = await configOf(opened, text, options);
  expectHead(checkpoint, config.convention, opened.path);
  // The addon last: what is wrong with the model is said even where the addon was not built yet.
  const stamps = await stampFiles(checkpoint.files);
  return { checkpoint, stamps, text, config, fingerprint, notes, addon: loadNative() };
}

/** @throws ERPRM_INVALID_ARGUMENT when nothing says how to score with the model, or the convention does not fit it */
async function configOf(
  opened: OpenedModel,
  text: TextModel,
  { convention, stepTag }: ConventionChoice,
): Promise<RewardModelConfig> {
  const { vocabularySize } = opened.checkpoint.config;
  if (typeof convention === "object") {
    const given = isResolved(convention)
      ? expectConventionOf(text, convention, vocabularySize, "the convention given")
      : resolveConvention(text, convention, vocabularySize);
    return { version: 1, kind: "process", convention: given, aggregate: "min" };
  }
  const preset = convention === undefined ? undefined : presetNamed(convention);
  if (preset) return fromPreset(preset, text, vocabularySize, stepTag);
  if (convention !== undefined && !convention.endsWith(".json")) {
    failArgument("convention", `${conventionNames.join(", ")} or the path of a ${rewardModelFile}`, convention);
  }
  const file = convention ?? join(opened.path, rewardModelFile);
  const config = convention === undefined && opened.kind === "gguf" ? undefined : await readRewardModelConfig(file);
  if (config) {
    if (stepTag !== undefined) {
      failArgument("the step tag", `left to ${file}, which says what the model was trained with,`, stepTag);
    }
    expectConventionOf(text, config.convention, vocabularySize, file);
    return config;
  }
  if (convention !== undefined) {
    throw new ErprmError("ERPRM_NOT_FOUND", `Expected a file at ${file}, found none`, { path: file });
  }
  const ofClass = opened.kind === "gguf" ? undefined : presetOfArchitectures(await architecturesOf(opened.path));
  if (ofClass) return fromPreset(ofClass, text, vocabularySize, stepTag);
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected a convention for ${opened.path}, which has no ${rewardModelFile} and whose architecture does not tell how to score with it: one of ${conventionNames.join(", ")}, or the path of a ${rewardModelFile}`,
    { name: "convention", expected: conventionNames },
  );
}

/** Token ids come with the tag or with the candidates; in texts both are absent or strings. */
function isResolved(convention: ConventionRequest | Convention): convention is Convention {
  return "candidates" in convention || typeof convention.tag === "object";
}

function fromPreset(
  { request, aggregate }: ConventionPreset,
  text: TextModel,
  vocabularySize: number,
  stepTag: string | undefined,
): RewardModelConfig {
  if (stepTag !== undefined && request.kind === "chat") {
    failArgument("the step tag", "absent: a chat has turns in the place of tags", stepTag);
  }
  const asked = stepTag === undefined ? request : { ...request, tag: stepTag };
  return { version: 1, kind: "process", convention: resolveConvention(text, asked, vocabularySize), aggregate };
}

async function architecturesOf(directory: string): Promise<string[]> {
  const { architectures } = await readJsonObject(join(directory, "config.json"));
  return Array.isArray(architectures) ? architectures.filter((name) => typeof name === "string") : [];
}

/** A value head and candidate tokens are read in different ways; the wrong one would give numbers that mean nothing. */
function expectHead({ valueHead }: Checkpoint, convention: Convention, path: string): void {
  const outputs = valueHead.at(-1)?.outputs;
  const wanted = convention.kind === "classification";
  if (wanted !== (outputs !== undefined)) {
    const received = outputs === undefined ? "a language model" : `a value head of ${outputs} outputs`;
    const expected = wanted ? "a value head" : "a language model's output matrix";
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected ${path} to have ${expected}, which the ${convention.kind} convention reads, received ${received}`,
      { name: "convention", expected, received },
    );
  }
  if (wanted && outputs !== undefined && outputs > 1 && convention.positiveClass >= outputs) {
    failArgument("positiveClass", `one of the ${outputs} outputs of the value head, from 0,`, convention.positiveClass);
  }
}
