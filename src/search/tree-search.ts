/**
 * Search over steps: every prefix that was kept is extended by M = width completions of one step, the extensions are
 * scored, some are kept, and so on, until all that are kept have ended or a limit is reached. What is kept is the rule of
 * the algorithm (beam.ts, diverse-trees.ts); the rest is here.
 *
 *   K = beams / width slots, each with the empty prefix
 *     -> K x M extensions, scored -> the rule keeps at most K -> ...
 *
 * A prefix that ended by itself competes with the others for its place and is not extended. One that a limit cut off cannot
 * go on and is never kept. Both are remembered: the answer is chosen among all that ended (choose.ts). An extension that the
 * reward model cannot read is never kept either, and has no score to be chosen by; a prefix with no other extensions is
 * remembered in their place.
 */
import { expectPositiveInteger, failArgument } from "../check.js";
import { aggregate } from "../data/selection.js";
import type { Aggregate } from "../types.js";
import { choose } from "./choose.js";
import { emptyPrefix, type Prefix, type ScoredPrefix } from "./prefix.js";
import type {
  Level,
  PrefixScorer,
  SampledStep,
  SearchEnd,
  SearchResult,
  StepRequest,
  StepSampler,
} from "./search-tools.js";
import { TokenBudget } from "./token-budget.js";

export interface TreeSearchOptions {
  sample: StepSampler;
  score: PrefixScorer;
  /** N: extensions of a level; a multiple of `width`. */
  beams: number;
  /** M: extensions of a prefix. */
  width: number;
  /** Most steps of a solution. */
  maxSteps: number;
  /** Tokens sampled, at most; default: no limit. */
  budgetTokens?: number | undefined;
  /** How step scores become the score that prefixes are ranked by. */
  aggregate: Aggregate;
  /** Number of the first slot in the random draws, default 0: trees that grow apart have slots of their own. */
  firstSlot?: number | undefined;
}

/** A search before its answer is chosen. */
export interface Exploration extends Pick<SearchResult, "solutions" | "levels" | "tokens" | "end"> {
  /** Prefixes that were kept and had not ended, and those of which no extension could be read. */
  alive: ScoredPrefix[];
  /** The first extension that could not be read. */
  unread?: Prefix | undefined;
}

/** An extension of the prefix in a slot, or an ended prefix that stands there. */
export interface Contender extends ScoredPrefix {
  slot: number;
}

/** A slot's prefix; undefined where nothing was kept for it. */
export type Slots = (ScoredPrefix | undefined)[];

/** The new slots, at most `numSlots`. `contenders` are in the order of their slots, then of their completions; none was cut off by a limit. */
export type KeepRule = (contenders: readonly Contender[], numSlots: number) => Slots;

/** @throws ERPRM_INVALID_ARGUMENT unless `beams` is a multiple of `width`, both at least 1. */
export function numSlotsOf({ beams, width }: { beams: number; width: number }): number {
  expectPositiveInteger("width", width);
  expectPositiveInteger("beams", beams);
  if (beams % width !== 0) failArgument("beams", `a multiple of the width (${width})`, beams);
  return beams / width;
}

class TreeSearch {
  readonly #options: TreeSearchOptions;
  readonly #keep: KeepRule;
  readonly #budget: TokenBudget;
  readonly #solutions: ScoredPrefix[] = [];
  readonly #levels: Level[] = [];
  readonly #deadEnds: ScoredPrefix[] = [];
  #unread: Prefix | undefined;
  #slots: Slots;

  constructor(options: TreeSearchOptions, keep: KeepRule) {
    this.#options = options;
    this.#keep = keep;
    this.#budget = new TokenBudget(options.budgetTokens);
    const root: ScoredPrefix = { prefix: emptyPrefix, stepScores: [], score: 0 };
    this.#slots = Array.from({ length: numSlotsOf(options) }, () => root);
  }

  async run(): Promise<Exploration> {
    let end = this.#end();
    while (end === undefined) {
      await this.#extend();
      end = this.#end();
    }
    const kept = [...this.#slots.filter(isLive), ...this.#deadEnds];
    const alive = kept.filter(({ prefix }) => prefix.steps.length > 0);
    const [solutions, levels, unread] = [this.#solutions, this.#levels, this.#unread];
    return { alive, solutions, levels, tokens: this.#budget.used, end, unread };
  }

  #end(): SearchEnd | undefined {
    if (this.#budget.exceeded) return "budget";
    if (!this.#slots.some(isLive)) return "all-ended";
    if (this.#budget.left <= 0) return "budget";
    return this.#levels.length >= this.#options.maxSteps ? "max-steps" : undefined;
  }

  /** One level. */
  async #extend(): Promise<void> {
    const held = [...this.#slots.entries()];
    const requests = held.flatMap(([slot, one]) => (isLive(one) ? [this.#request(slot, one)] : []));
    const usedBefore = this.#budget.used;
    const fitting = this.#fitting(requests, await this.#options.sample(requests));
    const scored = await this.#scored(fitting);
    for (const [slot, one] of held) {
      if (isLive(one) && isDeadEnd(slot, fitting, scored)) this.#deadEnds.push(one);
    }
    const ended = scored.filter(({ prefix }) => prefix.finishReason !== undefined);
    this.#solutions.push(...ended.map(({ slot: _, ...solution }) => solution));
    const standing = held.flatMap(([slot, one]) =>
      one === undefined || isLive(one) ? [] : [{ ...(one as ScoredPrefix), slot }],
    );
    const contenders = [...standing, ...scored.filter(({ prefix }) => prefix.finishReason !== "length")];
    contenders.sort((a, b) => a.slot - b.slot);
    // Where nothing fitted any more, the prefixes that are there are the best there is.
    if (scored.length > 0 || !this.#budget.exceeded) this.#slots = this.#keep(contenders, numSlotsOf(this.#options));
    this.#levels.push({
      prefixes: requests.length,
      completions: fitting.length,
      tokens: this.#budget.used - usedBefore,
      thrownAway: fitting.reduce((sum, { thrownAway }) => sum + thrownAway, 0),
      ended: ended.length,
      unreadable: fitting.length - scored.length,
      kept: this.#slots.flatMap((slot) => (slot ? [slot.score] : [])).sort((a, b) => b - a),
    });
  }

  #request(slot: number, { prefix }: ScoredPrefix): StepRequest {
    const level = this.#levels.length;
    // One more than is left: what needs it does not fit.
    const { width, firstSlot = 0 } = this.#options;
    return { prefix, slot: firstSlot + slot, level, numCompletions: width, maxTokens: this.#budget.left + 1 };
  }

  /** The extensions that the budget holds, in order. */
  #fitting(requests: readonly StepRequest[], sampled: readonly SampledStep[][]): Extension[] {
    const { firstSlot = 0 } = this.#options;
    const all = requests.flatMap(({ prefix, slot }, i) =>
      (sampled[i] as SampledStep[]).map((step) => {
        const kept = step.prefix.tokenIds.length - prefix.tokenIds.length;
        return {
          slot: slot - firstSlot,
          prefix: step.prefix,
          numTokens: step.numTokens,
          thrownAway: step.numTokens - kept,
        };
      }),
    );
    const tooMany = all.findIndex(({ numTokens }) => !this.#budget.take(numTokens));
    return tooMany < 0 ? all : all.slice(0, tooMany);
  }

  /** Those that the reward model can read. */
  async #scored(extensions: readonly Extension[]): Promise<Contender[]> {
    const { score, aggregate: how } = this.#options;
    const scores = await score(extensions.map(({ prefix }) => prefix));
    return extensions.flatMap(({ slot, prefix }, i) => {
      const stepScores = scores[i];
      if (stepScores) return { slot, prefix, stepScores, score: aggregate(stepScores, how) };
      this.#unread ??= prefix;
      return [];
    });
  }
}

/** The prefix in the slot was extended, and none of its extensions could be read. */
function isDeadEnd(slot: number, extensions: readonly Extension[], scored: readonly Contender[]): boolean {
  return extensions.some((one) => one.slot === slot) && !scored.some((one) => one.slot === slot);
}

interface Extension {
  slot: number;
  prefix: Prefix;
  numTokens: number;
  thrownAway: number;
}

function isLive(held: ScoredPrefix | undefined): held is ScoredPrefix {
  return held !== undefined && held.prefix.finishReason === undefined;
}

/**
 * The search, with `keep` as its rule, up to the choice of the answer.
 * @throws ERPRM_INVALID_ARGUMENT for options outside their ranges; whatever `sample` and `score` throw
 */
export async function explore(options: TreeSearchOptions, keep: KeepRule): Promise<Exploration> {
  expectPositiveInteger("maxSteps", options.maxSteps);
  if (options.budgetTokens !== undefined) expectPositiveInteger("budgetTokens", options.budgetTokens);
  return new TreeSearch(options, keep).run();
}

/** The result of an exploration. */
export function concluded({ alive, unread, ...rest }: Exploration): SearchResult {
  return { ...choose(rest.solutions, alive, unread), ...rest };
}
