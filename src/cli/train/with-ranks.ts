/**
 * A training of one process, or of several that were started together. Of several, rank 0 has the run directory and speaks;
 * the others work for it. Whoever fails tells the others, so that none waits for it.
 */
import { ErprmError } from "../../errors.js";
import { loadNative } from "../../native/loader.js";
import { RankGroup } from "../../training/distributed/rank-group.js";
import { type RankPlace, rankPlace } from "../../training/distributed/rank-place.js";

/** All ranks see the same; rank 0 says it. @throws as `rankPlace` */
export function quietUnlessFirst<V extends { quiet: boolean }>(values: V, environment = process.env): V {
  const { rank = 0 } = rankPlace(environment) ?? {};
  return rank === 0 ? values : { ...values, quiet: true };
}

export interface RankedWork {
  /** Undefined: one process. */
  place: RankPlace | undefined;
  /** Seconds. */
  timeout: number;
  signal: AbortSignal;
}

/**
 * Runs `body` with the group of ranks, undefined for one process.
 * @throws as `RankGroup.join` and `body`
 */
export async function withRanks(
  { place, timeout, signal }: RankedWork,
  body: (group: RankGroup | undefined) => Promise<void>,
): Promise<void> {
  if (!place) return body(undefined);
  const group = await RankGroup.join(loadNative(), place, timeout, signal);
  try {
    await body(group);
    // Nobody goes, and none of them has succeeded, before all have.
    await group.exchangeValues("done");
  } catch (error) {
    await group.leave(error);
    throw withRankAdvice(error);
  }
  await group.close();
}

/** The error with advice where it is about a rank that was lost. */
function withRankAdvice(error: unknown): unknown {
  if (!(error instanceof ErprmError) || !["lost rank", "silent rank"].includes(String(error.details.what)))
    return error;
  const advice = "the same command, with as many processes or others (two at least), goes on from the last checkpoint";
  return new ErprmError(error.code, `${error.message}; ${advice}`, error.details, error);
}

/**
 * What rank 0 does about its run directory, told to the others: `lead` calls its argument when there is something to train,
 * and they then do `follow`.
 * @throws as `lead` and `follow`, and `RankGroup.exchange`
 */
export async function leadOrFollow(
  group: RankGroup | undefined,
  lead: (begin: () => Promise<void>) => Promise<void>,
  follow: (group: RankGroup) => Promise<void>,
): Promise<void> {
  if (!group) return lead(async () => {});
  if (group.rank > 0) {
    const [begins] = await group.exchangeValues(false);
    if (begins) await follow(group);
    return;
  }
  let hasBegun = false;
  await lead(async () => {
    hasBegun = true;
    await group.exchangeValues(true);
  });
  if (!hasBegun) await group.exchangeValues(false);
}
