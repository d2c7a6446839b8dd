/**
 * `reward_model.json`: the file beside a reward model's weights that says how to score with it. Unknown fields are refused:
 * a misspelt one would otherwise change scores without a word. `training` is a record, and may hold more than is read here.
 */
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ErprmError } from "../errors.js";
import { fileError } from "../model/read-file.js";
import type { TextModel } from "../text/text-model.js";
import type { Convention, RewardModelConfig, TokenText } from "./convention.js";
import { expectCandidates } from "./resolve-convention.js";
import { readAs, shownTokens, spelling } from "./token-text.js";

export const rewardModelFile = "reward_model.json";
const version = 1;

const tokenId = z.int().nonnegative();
const tokenText = z.strictObject({ text: z.string(), tokenIds: z.array(tokenId).min(1) });
const candidate = z.strictObject({ text: z.string(), tokenIds: z.array(tokenId).length(1) });
const candidates = z.strictObject({ positive: candidate, negative: candidate });
const prompt = z.strictObject({
  system: z.string().optional(),
  instruction: z.string().optional(),
  template: z.string().includes("{question}").optional(),
});
const tagged = {
  prompt,
  tag: tokenText,
  layout: z.strictObject({ afterTag: z.string(), apart: z.boolean() }).optional(),
};
const convention = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("step-tag"), ...tagged, candidates }),
  z.strictObject({ kind: z.literal("chat"), prompt, candidates }),
  z.strictObject({ kind: z.literal("classification"), ...tagged, positiveClass: z.int().nonnegative() }),
]);
const configSchema = z.strictObject({
  version: z.literal(version),
  kind: z.enum(["process", "outcome"]),
  convention,
  aggregate: z.enum(["min", "last", "mean", "product"]),
  training: z
    .looseObject({
      loss: z.string(),
      target: z.string(),
      baseModel: z.string(),
      updates: z.int().nonnegative(),
      seed: z.int().nonnegative(),
    })
    .optional(),
});

function invalid(file: string, message: string, field?: string, cause?: unknown): ErprmError {
  const details = { file, ...(field !== undefined && { field }) };
  return new ErprmError("ERPRM_INVALID_DATA", `${message}, in ${file}`, details, cause);
}

/** A parsed reward_model.json; `file` names it in messages. @throws ERPRM_INVALID_DATA {file, field} */
export function parseRewardModelConfig(value: unknown, file: string): RewardModelConfig {
  const found = (value as { version?: unknown } | null)?.version;
  if (Number.isInteger(found) && found !== version) {
    throw invalid(file, `Expected version to be ${version}, the one this erprm reads, received ${found}`, "version");
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") || undefined;
  throw invalid(file, `Expected ${field ?? "the file"} as described in docs/formats.md: ${issue?.message}`, field);
}

/** Undefined when there is no such file. @throws ERPRM_INVALID_DATA {file, field}, ERPRM_IO */
export async function readRewardModelConfig(file: string): Promise<RewardModelConfig | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError(file, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, `Expected JSON: ${(error as Error).message}`, undefined, error);
  }
  return parseRewardModelConfig(value, file);
}

/** The file's text: JSON over several lines, with a line end. @throws ERPRM_INVALID_DATA for a config that could not be read back */
export function rewardModelJson(config: RewardModelConfig): string {
  return `${JSON.stringify(parseRewardModelConfig(config, rewardModelFile), null, 2)}\n`;
}

/** @throws as `rewardModelJson`; ERPRM_IO */
export async function writeRewardModelConfig(file: string, config: RewardModelConfig): Promise<void> {
  const text = rewardModelJson(config);
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new ErprmError("ERPRM_IO", `Cannot write ${file}: ${(error as Error).message}`, { path: file }, error);
  }
}

/**
 * The convention's ids must spell its texts in this model's vocabulary; otherwise the file belongs to another tokenizer.
 * @throws ERPRM_INVALID_DATA {file, field}
 */
export function expectConventionOf(
  text: TextModel,
  convention: Convention,
  vocabularySize: number,
  file: string,
): Convention {
  const { tokenizer } = text;
  const expectText = (field: string, token: TokenText) => {
    const ids = token.tokenIds;
    // In a chat the template may put a space into the candidate's token.
    const plain = (some: string) => (convention.kind === "chat" ? some.trim() : some);
    const isThere = ids.every((id) => id < vocabularySize && tokenizer.idToToken(id) !== undefined);
    if (isThere && plain(spelling(tokenizer, ids)) === plain(readAs(tokenizer, token.text))) return;
    const message = `Expected ${field} to be tokens of this model that spell ${JSON.stringify(token.text)}, received ${shownTokens(tokenizer, ids)}`;
    throw invalid(file, message, field);
  };
  if (convention.kind !== "chat") expectText("convention.tag", convention.tag);
  if (convention.kind === "classification") return convention;
  expectText("convention.candidates.positive", convention.candidates.positive);
  expectText("convention.candidates.negative", convention.candidates.negative);
  try {
    expectCandidates(convention.candidates, vocabularySize);
  } catch (error) {
    throw invalid(file, (error as Error).message, "convention.candidates", error);
  }
  return convention;
}
