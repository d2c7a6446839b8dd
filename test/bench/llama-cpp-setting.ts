/** How llama.cpp runs a workload at its best: how many completions at once, and in which kind of cache. It is tried, not guessed. */
import type { Run } from "./measure.js";
import { numCompletionsOf, type Workload } from "./workload.js";

export interface LlamaCppSetting {
  /** `unified`: one cache, prefixes shared, every token looks at all cells. `split`: a cache for each completion, prefixes copied. */
  memory: "unified" | "split";
  /** Completions at once. */
  slots: number;
}

/** llama.cpp's bound on sequences (LLAMA_MAX_SEQ); a shared trunk is one of them. */
const mostSequences = 256;

/** What to try: every number of slots, as far as there are completions for it, in both kinds of cache. */
export function candidateSettings(workload: Workload, slots: readonly number[]): LlamaCppSetting[] {
  const most = Math.min(numCompletionsOf(workload), mostSequences - (workload.trunks.length === 1 ? 1 : 0));
  const numbers = [...new Set(slots.map((number) => Math.min(number, most)))].sort((a, b) => a - b);
  // One completion on its own has nothing to share or to look past.
  const kinds = most === 1 ? (["unified"] as const) : (["unified", "split"] as const);
  return numbers.flatMap((number) => kinds.map((memory) => ({ memory, slots: number })));
}

/** `unified:64`; undefined for anything else. */
export function parseSetting(text: string): LlamaCppSetting | undefined {
  const [, memory, slots] = /^(unified|split):([1-9]\d*)$/.exec(text) ?? [];
  if (memory === undefined) return undefined;
  return { memory: memory as LlamaCppSetting["memory"], slots: Number(slots) };
}

/** Completions of a trial: two rounds of the smaller settings, never less than what fills the slots. */
export const trialCompletions = ({ slots }: LlamaCppSetting, workload: Workload): number =>
  Math.min(numCompletionsOf(workload), Math.max(64, slots));

/** Tokens a second behind a shared trunk, which costs the same in every setting. */
export function trialRate(run: Run): number {
  return (run.tokens as number) / (run.seconds - (run.trunkSeconds as number));
}

/**
 * The fastest of the candidates by their trials' tokens a second; nothing is run where there is but one. Trials that gave no number are
 * not chosen: undefined where none gave one.
 */
export async function chooseSetting(
  candidates: readonly LlamaCppSetting[],
  trial: (setting: LlamaCppSetting) => Promise<number | undefined>,
): Promise<LlamaCppSetting | undefined> {
  if (candidates.length === 1) return candidates[0];
  let best: { setting: LlamaCppSetting; rate: number } | undefined;
  for (const setting of candidates) {
    const rate = await trial(setting);
    if (rate !== undefined && rate > (best?.rate ?? 0)) best = { setting, rate };
  }
  return best?.setting;
}
