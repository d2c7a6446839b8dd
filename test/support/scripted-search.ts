/** A tree of steps that a test writes down: samples and scores of a search without a model. */
import type { Prefix } from "../../src/search/prefix.js";
import type { PrefixScorer, SampledStep, StepRequest, StepSampler } from "../../src/search/search-tools.js";

/** One completion: `a 0.7`, its step and score; `a! 0.7` ends the solution, `a~ 0.7` was cut off by a limit; `a ?` cannot be read. */
export type Script = Record<string, string>;

interface Written {
  step: string;
  score: number;
  finishReason?: "stop" | "length";
}

function parse(entry: string): Written {
  const [name = "", score] = entry.trim().split(" ");
  const mark = name.at(-1);
  const reason = mark === "!" ? "stop" : mark === "~" ? "length" : undefined;
  return {
    step: reason ? name.slice(0, -1) : name,
    score: Number(score),
    ...(reason && { finishReason: reason }),
  };
}

export interface ScriptedSearch {
  sample: StepSampler;
  score: PrefixScorer;
  /** Each level's requests, as `slot:prefix`. */
  asked: string[][];
  /** Each level's scored prefixes. */
  scored: string[][];
}

export const pathOf = ({ steps }: Prefix): string => steps.join("");

/**
 * `script` has for each prefix (its steps, end to end) its completions, comma-separated, the same in every slot; where more are
 * asked for they begin anew. A step is as many tokens as its name has letters; `waste` tokens are thrown away behind each.
 */
export function scriptedSearch(script: Script, { waste = 0 } = {}): ScriptedSearch {
  const asked: string[][] = [];
  const scored: string[][] = [];
  const scoreOf = new Map<string, number[]>();

  const extend = (request: StepRequest, index: number): SampledStep => {
    const path = pathOf(request.prefix);
    const entries = (script[path] ?? "").split(",");
    // Slots with the same prefix go on in the same list.
    const first = entries.length > request.numCompletions ? request.slot * request.numCompletions : 0;
    const { step, score, finishReason } = parse(entries[(first + index) % entries.length] as string);
    if (step === "") throw new Error(`the script has nothing behind "${path}"`);
    const tokenIds = [...request.prefix.tokenIds, ...Buffer.from(step)];
    scoreOf.set(path + step, [...(scoreOf.get(path) ?? []), score]);
    return {
      prefix: {
        steps: [...request.prefix.steps, step],
        tokenIds,
        stepEnds: [...request.prefix.stepEnds, tokenIds.length],
        logProbability: request.prefix.logProbability - 1,
        ...(finishReason && { finishReason }),
      },
      numTokens: step.length + waste,
    };
  };
  return {
    asked,
    scored,
    sample: async (requests) => {
      asked.push(requests.map(({ slot, prefix }) => `${slot}:${pathOf(prefix)}`));
      return requests.map((request) =>
        Array.from({ length: request.numCompletions }, (_, index) => extend(request, index)),
      );
    },
    score: async (prefixes) => {
      scored.push(prefixes.map(pathOf));
      return prefixes.map((prefix) => {
        const scores = scoreOf.get(pathOf(prefix)) as number[];
        return scores.some(Number.isNaN) ? undefined : scores;
      });
    },
  };
}
