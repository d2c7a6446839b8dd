/** The engines' log-probabilities of the same tokens, before anything is timed. */
import { runOnce } from "./measure.js";
import { compareQuality, type Quality } from "./quality.js";
import type { Engine, EngineName } from "./rollout-engines.js";

export interface EngineQualities {
  qualities: Map<EngineName, Quality>;
  /** What the others are compared with: the independent implementation where it is there, else ours. */
  reference: EngineName;
  /** Whose log-probabilities were compared. */
  tokens: number;
}

/**
 * @param possible all that can run, `engines` those with rows; @param file the tokens, in pieces
 * @throws when an engine fails or gives no numbers: then there is nothing to time
 */
export async function checkQuality(
  possible: readonly Engine[],
  engines: readonly Engine[],
  file: string,
): Promise<EngineQualities> {
  const values = new Map<EngineName, number[]>();
  const reference = possible.some(({ name }) => name === "transformers-f32") ? "transformers-f32" : "erprm-f32";
  for (const { name, logProbabilities } of possible) {
    const isNeeded = name === reference || engines.some((engine) => engine.name === name || engine.as === name);
    if (!logProbabilities || !isNeeded) continue;
    const run = await runOnce({ name, command: logProbabilities(file) });
    values.set(name, run.logProbabilities as number[]);
  }
  const expected = values.get(reference) as number[];
  const qualities = new Map(
    engines.map(({ name, precision, as }) => {
      return [name, compareQuality(values.get(as ?? name) as number[], expected, precision)] as const;
    }),
  );
  return { qualities, reference, tokens: expected.length };
}
