/**
 * The processes of one training, seen from one of them. Every rank holds the whole model and makes every update; what is
 * divided between them are the micro-batches. All ranks do the same operations in the same order.
 */

export interface Ranks {
  /** This process, from 0. */
  readonly rank: number;
  readonly size: number;
  /** What every rank gave, by rank. @throws ERPRM_IO {what, rank} for a rank that is gone; the code of a rank that has left */
  exchange(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** After a round of `count` micro-batches, one a rank: their gradients are added in the order of the ranks. @throws as `exchange` */
  addGradients(count: number): Promise<void>;
  /** Before the update: the trainer's gradients become the sum over all rounds. @throws as `exchange` */
  shareGradients(): Promise<void>;
  /** The trained tensors and moments of rank 0 for all. @throws as `exchange` */
  copyFromFirst(): Promise<void>;
}

/** A training of one process: gradients are where they belong. */
export const alone: Ranks = {
  rank: 0,
  size: 1,
  exchange: async (bytes) => [bytes],
  addGradients: async () => {},
  shareGradients: async () => {},
  copyFromFirst: async () => {},
};
