/** The part of the native boundary that ties the processes of one training together. */

/** Where a process meets the others of its training. */
export interface NativeRankOptions {
  /** From 0, below `size`. */
  rank: number;
  /** From 2. */
  size: number;
  /** Of libtorch's TCPStore. */
  storeHost: string;
  storePort: number;
  /** Somebody else runs the store; otherwise rank 0 does. */
  storeIsThere: boolean;
  /** Sets this training apart from others at the same store. */
  prefix: string;
  /** Seconds in which all ranks must come, and in which something must come from every rank that is waited for. */
  patience: number;
}

/**
 * The processes of one training, each connected with every other. All ranks do the same operations, those of their trainers
 * included, in the same order.
 */
export interface NativeRankGroup {
  /**
   * What every rank gave, by rank. Rejects with ERPRM_IO {what, rank} for a rank that is gone or silent, with the code of a
   * rank that has left, and with ERPRM_INTERNAL where the ranks do different things.
   */
  exchange(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** Ends the connections; the others get this error from their next operation. */
  leave(code: string, message: string): Promise<void>;
  /** Ends the connections: the work is done. */
  close(): Promise<void>;
}
