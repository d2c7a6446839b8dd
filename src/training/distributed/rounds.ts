/**
 * Micro-batches between ranks. A round is as many of them as there are ranks, in the order of the update; rank r computes the
 * r-th. So the order in which losses and gradients are added up is that of the update, whatever the number of ranks.
 */
import { ErprmError } from "../../errors.js";
import type { NativeTrainingResult } from "../../native/contract.js";
import type { PackedBatch } from "../batch.js";
import type { Ranks } from "./ranks.js";

/** The batches in rounds of `size`; the last one may have fewer. */
export function roundsOf<T>(batches: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(batches.length / size) }, (_, i) => batches.slice(i * size, (i + 1) * size));
}

/**
 * The results of all batches of a round, by rank.
 * @param own of this rank's batch; undefined where the round has none for it
 * @throws as `Ranks.exchange`; ERPRM_INTERNAL {rank} for a result that does not fit its batch
 */
export async function shareResults(
  ranks: Ranks,
  packed: readonly PackedBatch[],
  own: NativeTrainingResult | undefined,
): Promise<NativeTrainingResult[]> {
  if (ranks.size === 1) return own ? [own] : [];
  const all = await ranks.exchange(own ? bytesOf(own) : new Uint8Array());
  return packed.map(({ batch }, rank) => resultOf(all[rank] as Uint8Array, batch.positions.length, rank));
}

/** Losses, then scores, where there are any. */
function bytesOf({ losses, scores }: NativeTrainingResult): Uint8Array {
  const numbers = new Float32Array(losses.length + scores.length);
  numbers.set(losses);
  numbers.set(scores, losses.length);
  return new Uint8Array(numbers.buffer);
}

function resultOf(bytes: Uint8Array, numPositions: number, rank: number): NativeTrainingResult {
  const numbers = new Float32Array(bytes.slice().buffer);
  if (numbers.length !== numPositions && numbers.length !== 2 * numPositions) {
    const message = `Expected losses of ${numPositions} positions from rank ${rank}, received ${numbers.length} numbers`;
    throw new ErprmError("ERPRM_INTERNAL", message, { rank });
  }
  return { losses: numbers.slice(0, numPositions), scores: numbers.slice(numPositions) };
}
