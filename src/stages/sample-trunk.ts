/** One trunk to the engine and back, counted. */
import { isText, type SampledCompletion } from "../policy/rollout-policy.js";
import type { TrunkRequest } from "../policy/trunk.js";
import type { StageCounts } from "./stage-counts.js";

export async function sampleTrunk<C extends SampledCompletion>(
  policy: { rolloutTrunk(request: TrunkRequest): Promise<C[][]> },
  request: TrunkRequest,
  counts: StageCounts | undefined,
): Promise<C[][]> {
  const groups = await policy.rolloutTrunk(request);
  if (counts === undefined || request.groups.length === 0) return groups;
  counts.trunkTokens += request.trunk.length;
  for (const length of new Set(request.groups.map(({ prefixLength }) => prefixLength))) counts.prefixTokens += length;
  for (const { prefixLength, numCompletions } of request.groups) {
    counts.unsharedTokens += prefixLength * numCompletions;
    counts.completions += numCompletions;
  }
  for (const completion of groups.flat()) {
    if (!isText(completion)) counts.completionTokens += completion.tokenIds.length;
  }
  return groups;
}
