/** How large an update is where nobody says. */

/** Tokens of an update: four hundred updates in all, but neither noisy nor wasteful ones. */
export function usualTokensPerUpdate(tokensInAll: number): number {
  return Math.round(Math.min(Math.max(tokensInAll / 400, 1024), 16_384));
}
