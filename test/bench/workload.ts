/** What every engine of the rollout benchmark is given, and which sizes a workload of this name has. */

/** A token string and prefixes of it. */
export interface Trunk {
  tokens: number[];
  /** Ascending; the last one is the whole trunk. */
  prefixLengths: number[];
  /** Of each prefix. */
  numCompletions: number;
}

/** As peers read it, in JSON. */
export interface Workload {
  model: string;
  /** One, or several with one prefix and one completion each. */
  trunks: Trunk[];
  /** Of each completion; at most so many where there are end tokens. */
  numTokens: number;
  /** Empty: all completions have the same length. */
  endTokens: number[];
  /** Completions that run at once. */
  batch: number;
  threads: number;
}

/** Where tokens come from: text for models that can read, random ids for shapes. */
export interface PromptSource {
  /** A prompt with so many steps behind it; `prefixLengths` end after each of the steps, in tokens. */
  solution(problem: number, numSteps: number): { tokens: number[]; prefixLengths: number[] };
  /** A question without steps. */
  question(problem: number): number[];
  /** Exactly so many tokens of running text. */
  running(length: number): number[];
  /** The tokens that end a completion. */
  endTokens: readonly number[];
}

export interface WorkloadSizes {
  kind: "nested" | "flat" | "prompt" | "trunk";
  prefixes: number;
  completions: number;
  tokens: number;
  /** Of a `prompt` workload, in tokens. */
  promptTokens?: number;
  /** Completions at once; absent: as the options say. */
  batch?: number;
  ends?: boolean;
}

/** A number in brackets stands for any. */
export const workloadNames = "nested, flat, single, long, end-tokens, prompt-(64), batch-(8)";

const fixed: Record<string, WorkloadSizes> = {
  nested: { kind: "nested", prefixes: 8, completions: 32, tokens: 64 },
  flat: { kind: "flat", prefixes: 64, completions: 1, tokens: 64 },
  single: { kind: "trunk", prefixes: 1, completions: 1, tokens: 256 },
  long: { kind: "trunk", prefixes: 1, completions: 32, tokens: 500 },
  "end-tokens": { kind: "nested", prefixes: 8, completions: 16, tokens: 256, ends: true },
};

/** Sizes by a workload's name, or undefined where there is no such workload. */
export function sizesOf(name: string): WorkloadSizes | undefined {
  if (Object.hasOwn(fixed, name)) return fixed[name];
  const [, kind, digits] = /^(prompt|batch)-([1-9]\d*)$/.exec(name) ?? [];
  const number = Number(digits);
  if (kind === "prompt") return { kind, prefixes: 1, completions: 32, tokens: 64, promptTokens: number };
  if (kind === "batch") return { kind: "trunk", prefixes: 1, completions: number, tokens: 64, batch: number };
  return undefined;
}

const numSteps = 8;

function trunksOf(source: PromptSource, sizes: WorkloadSizes): Trunk[] {
  const { kind, prefixes, completions: numCompletions } = sizes;
  const whole = (tokens: number[]): Trunk => ({ tokens, prefixLengths: [tokens.length], numCompletions });
  if (kind === "nested") return [{ ...source.solution(0, prefixes), numCompletions }];
  if (kind === "flat") return Array.from({ length: prefixes }, (_, problem) => whole(source.question(problem)));
  if (kind === "prompt") return [whole(source.running(sizes.promptTokens as number))];
  return [whole(source.solution(0, numSteps).tokens)];
}

export function makeWorkload(
  source: PromptSource,
  sizes: WorkloadSizes,
  common: { model: string; threads: number; batch: number },
): Workload {
  const batch = sizes.batch ?? Math.min(common.batch, sizes.prefixes * sizes.completions);
  return {
    model: common.model,
    trunks: trunksOf(source, sizes),
    numTokens: sizes.tokens,
    endTokens: sizes.ends ? [...source.endTokens] : [],
    batch,
    threads: common.threads,
  };
}

export const numCompletionsOf = ({ trunks }: Workload): number =>
  trunks.reduce((sum, { prefixLengths, numCompletions }) => sum + prefixLengths.length * numCompletions, 0);

/** Tokens of all trunks: what has to be computed once before anything is sampled. */
export const trunkTokensOf = ({ trunks }: Workload): number =>
  trunks.reduce((sum, { tokens }) => sum + tokens.length, 0);
