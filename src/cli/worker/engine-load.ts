/**
 * How many units a worker should ask for: as many as keep its engine busy, and no more, for what one worker holds another
 * one cannot have. What counts is work, not units: completions that run or wait in the engine, and those that the units
 * at hand will still ask for. A problem begins with a completion for each solution, and those of all their prefixes follow.
 */
import type { RolloutPolicy } from "../../policy/rollout-policy.js";
import type { TrunkRequest } from "../../policy/trunk.js";

/** One unit that is worked on. */
export interface UnitLoad {
  /** The policy, counting what the unit asks of it. */
  policy: RolloutPolicy;
  /** The unit has asked for everything that it will ask for. */
  allAsked(): void;
  /** `isDone`: what it asked for is what such units take. */
  end(isDone: boolean): void;
}

interface UnderWay {
  /** Completions. */
  numAsked: number;
  hasAskedAll: boolean;
}

export class EngineLoad {
  readonly #policy: RolloutPolicy;
  readonly #wanted: number;
  readonly #underWay = new Set<UnderWay>();
  /** Completions of units that are done, and how many those are; the guess that it began with counts as one. */
  #total: number;
  #numUnits = 1;
  /** Completions that the engine was asked for, or was not in the end; comparable with its counter of finished ones. */
  #numAsked: number;
  #numTrunks = 0;

  /**
   * @param expected completions that a unit takes, as long as none is done
   * @param wanted completions that should run, wait or be to come
   */
  constructor(policy: RolloutPolicy, { expected, wanted }: { expected: number; wanted: number }) {
    this.#policy = policy;
    this.#wanted = wanted;
    this.#total = expected;
    this.#numAsked = policy.stats().completions;
  }

  /** Units that would fill the engine up; 0 when it has enough. */
  room(): number {
    const expected = this.#total / this.#numUnits;
    let load = this.#numInEngine;
    for (const { numAsked, hasAskedAll } of this.#underWay) load += hasAskedAll ? 0 : Math.max(0, expected - numAsked);
    return Math.max(0, Math.ceil((this.#wanted - load) / Math.max(1, expected)));
  }

  begin(): UnitLoad {
    const unit: UnderWay = { numAsked: 0, hasAskedAll: false };
    this.#underWay.add(unit);
    return {
      policy: this.#counting(unit),
      allAsked: () => {
        unit.hasAskedAll = true;
      },
      end: (isDone) => {
        this.#underWay.delete(unit);
        if (!isDone) return;
        this.#total += unit.numAsked;
        this.#numUnits += 1;
      },
    };
  }

  /** Running or waiting. */
  get #numInEngine(): number {
    return this.#numTrunks === 0 ? 0 : Math.max(0, this.#numAsked - this.#policy.stats().completions);
  }

  #counting(unit: UnderWay): RolloutPolicy {
    const policy = this.#policy;
    const { text, trunkUnit, contextLength, vocabularySize, maxBatch } = policy;
    return {
      ...{ text, trunkUnit, contextLength, vocabularySize, maxBatch },
      rolloutTrunk: (request) => this.#sample(request, unit),
      stats: () => policy.stats(),
      figures: () => policy.figures(),
      dispose: () => policy.dispose(),
    };
  }

  async #sample(request: TrunkRequest, unit: UnderWay) {
    const size = request.groups.reduce((sum, { numCompletions }) => sum + numCompletions, 0);
    // What was cancelled was never finished, and would count for ever.
    if (this.#numTrunks === 0) this.#numAsked = this.#policy.stats().completions;
    this.#numTrunks += 1;
    this.#numAsked += size;
    unit.numAsked += size;
    try {
      return await this.#policy.rolloutTrunk(request);
    } catch (error) {
      this.#numAsked -= size;
      throw error;
    } finally {
      this.#numTrunks -= 1;
    }
  }
}
