/** The group of ranks that this process belongs to, from meeting to parting. */
import { ErprmError } from "../../errors.js";
import type { NativeAddon, NativeRankGroup } from "../../native/contract.js";
import { abortedError, nativeCall } from "../../policy/native-call.js";
import type { Trainer } from "../trainer.js";
import type { RankPlace } from "./rank-place.js";
import type { Ranks } from "./ranks.js";

export class RankGroup {
  readonly rank: number;
  readonly size: number;
  readonly #native: NativeRankGroup;

  private constructor(native: NativeRankGroup, { rank, size }: RankPlace) {
    this.#native = native;
    this.rank = rank;
    this.size = size;
  }

  /**
   * Meets the other ranks.
   * @param timeout seconds in which they must come, and answer from then on
   * @throws ERPRM_IO {what, rank} for ranks that do not come and a meeting point that is not there; ERPRM_ABORTED
   */
  static async join(
    addon: NativeAddon,
    place: RankPlace,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<RankGroup> {
    const { localSize: _, ...options } = place;
    const joining = nativeCall(() => addon.joinRanks({ ...options, patience: timeout }));
    return new RankGroup(await orAborted(joining, signal), place);
  }

  /** What every rank gave, by rank. @throws as `Ranks.exchange` */
  exchange(bytes: Uint8Array): Promise<Uint8Array[]> {
    return nativeCall(() => this.#native.exchange(bytes));
  }

  /** What every rank gave, by rank: JSON. @throws as `exchange` */
  async exchangeValues<T>(value: T): Promise<T[]> {
    const all = await this.exchange(Buffer.from(JSON.stringify(value)));
    return all.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as T);
  }

  /** The group at work on a model. */
  ranksOf(trainer: Trainer): Ranks {
    return {
      rank: this.rank,
      size: this.size,
      exchange: (bytes) => this.exchange(bytes),
      addGradients: (count) => trainer.addGradients(this.#native, count),
      shareGradients: () => trainer.shareGradients(this.#native),
      copyFromFirst: () => trainer.copyFromFirst(this.#native),
    };
  }

  /** Parts from the others with an error, which becomes theirs. */
  async leave(error: unknown): Promise<void> {
    const { code, message } = error instanceof ErprmError ? error : { code: "ERPRM_INTERNAL", message: String(error) };
    await nativeCall(() => this.#native.leave(code, message));
  }

  /** Parts from the others: the work is done. */
  async close(): Promise<void> {
    await nativeCall(() => this.#native.close());
  }
}

/** True for the error of another rank, or of one that is lost: what this rank has is sound. */
export function isOfOtherRank(error: unknown): boolean {
  return error instanceof ErprmError && error.details.rank !== undefined;
}

/** An interruption does not wait for what native code waits for; the process ends in the middle of it. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(abortedError(signal));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
