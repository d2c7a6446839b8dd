/** One trunk to the engine and back, counted. */
import type { Policy } from "../policy/policy.js";
import type { Completion, TrunkRequest } from "../policy/trunk.js";
import type { StageCounts } from "./stage-counts.js";

export async function sampleTrunk(
  policy: Policy,
  request: TrunkRequest,
  counts: StageCounts | undefined,
): Promise<Completion[][]> {
  const groups = await policy.rolloutTrunk(request);
  if (counts === undefined || request.groups.length === 0) return groups;
  counts.trunkTokens += request.trunk.length;
  for (const length of new Set(request.groups.map(({ prefixLength }) => prefixLength))) counts.prefixTokens += length;
  for (const { prefixLength, numCompletions } of request.groups) {
    counts.unsharedTokens += prefixLength * numCompletions;
    counts.completions += numCompletions;
  }
  for (const { tokenIds } of groups.flat()) counts.completionTokens += tokenIds.length;
  return groups;
}
