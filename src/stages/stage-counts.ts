/** What a stage counts while it works; the caller owns the object and may read it at any time. */
export interface StageCounts {
  /** Completions that the engine finished, whole solutions among them. */
  completions: number;
  /** Of completions whose tokens are known. */
  completionTokens: number;
  /** Tokens of all trunks: what is computed when every prefix shares its trunk. */
  trunkTokens: number;
  /** Sum over the prefixes of their tokens: what would be computed if each prefix were computed once, alone. */
  prefixTokens: number;
  /** Sum over the completions of their prefix's tokens: what would be computed if nothing were shared. */
  unsharedTokens: number;
}

export function newCounts(): StageCounts {
  return { completions: 0, completionTokens: 0, trunkTokens: 0, prefixTokens: 0, unsharedTokens: 0 };
}
