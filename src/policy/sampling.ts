/** How tokens are drawn, checked once for every caller. */
import { expectInteger, expectNumberIn, expectPositiveInteger, failArgument } from "../check.js";

export interface Sampling {
  /** 0 = greedy. */
  temperature: number;
  /** Keep the smallest set of tokens with at least this probability; 1 = off. In (0, 1]. */
  topP: number;
  /** Keep the k most probable tokens; 0 = off. */
  topK: number;
  /** Keep tokens at least this share as probable as the most probable one; 0 = off. In [0, 1]. */
  minP: number;
  /** Most tokens of a completion; the context bounds it too. */
  maxTokens: number;
  /** Texts that end a completion; they stay in it. */
  stop: readonly string[];
  /** Token ids that end a completion; default: the model's end tokens. An empty list makes every completion maxTokens long. */
  stopTokenIds?: readonly number[] | undefined;
}

export const defaultSampling: Sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, maxTokens: 1024, stop: [] };

/** The defaults, overwritten. @throws ERPRM_INVALID_ARGUMENT for a value outside its range. */
export function completeSampling(options: Partial<Sampling>): Sampling {
  const given = Object.entries(options).filter(([name, value]) => name in samplingNames && value !== undefined);
  const sampling: Sampling = { ...defaultSampling, ...Object.fromEntries(given) };
  expectNumberIn("temperature", sampling.temperature, 0, 1e6);
  if (!(sampling.topP > 0 && sampling.topP <= 1)) failArgument("topP", "a number above 0, at most 1", sampling.topP);
  expectInteger("topK", sampling.topK);
  expectNumberIn("minP", sampling.minP, 0, 1);
  expectPositiveInteger("maxTokens", sampling.maxTokens);
  for (const [i, text] of sampling.stop.entries()) {
    if (typeof text !== "string" || text === "") failArgument(`stop[${i}]`, "a text that is not empty", text);
  }
  for (const [i, id] of (sampling.stopTokenIds ?? []).entries()) expectInteger(`stopTokenIds[${i}]`, id);
  return sampling;
}

const samplingNames: Record<keyof Sampling, true> = {
  temperature: true,
  topP: true,
  topK: true,
  minP: true,
  maxTokens: true,
  stop: true,
  stopTokenIds: true,
};
