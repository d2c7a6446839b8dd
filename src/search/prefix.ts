/** What a search extends step by step: the solution so far. The prompt in front of it is the sampler's business. */
import type { FinishReason } from "../types.js";

export interface Prefix {
  /** Texts of the steps; laid end to end they are the text of the tokens. */
  steps: readonly string[];
  /** The sampled tokens that were kept, of the solution alone. */
  tokenIds: readonly number[];
  /** `stepEnds[i]` = number of tokens up to and with step i. */
  stepEnds: readonly number[];
  /** Sum over the kept tokens of ln p at the sampling temperature, nats. */
  logProbability: number;
  /** The prefix is a solution and is not extended: `stop`, it ended by itself; `length`, a limit cut it off. */
  finishReason?: FinishReason;
}

export const emptyPrefix: Prefix = { steps: [], tokenIds: [], stepEnds: [], logProbability: 0 };

export interface ScoredPrefix {
  prefix: Prefix;
  /** One score a step. */
  stepScores: readonly number[];
  /** Their aggregate: what the search ranks by. */
  score: number;
}
