/** Ranks inside one process: whoever exchanges waits until all have. Gradients stay where they are; calls are counted. */
import type { Ranks } from "../../src/training/distributed/ranks.js";

export interface InProcessRanks extends Ranks {
  calls: string[];
}

export function inProcessRanks(size: number): InProcessRanks[] {
  let given: Uint8Array[] = [];
  let waiting: ((all: Uint8Array[]) => void)[] = [];
  const exchange = (rank: number, bytes: Uint8Array) =>
    new Promise<Uint8Array[]>((resolve) => {
      given[rank] = bytes;
      waiting.push(resolve);
      if (waiting.length < size) return;
      const [all, resolves] = [given, waiting];
      given = [];
      waiting = [];
      for (const one of resolves) one(all);
    });
  return Array.from({ length: size }, (_, rank) => {
    const calls: string[] = [];
    const count = (call: string) => async () => void calls.push(call);
    return {
      rank,
      size,
      calls,
      exchange: (bytes) => exchange(rank, bytes),
      addGradients: async (batches) => void calls.push(`add ${batches}`),
      shareGradients: count("share"),
      copyFromFirst: count("copy"),
    };
  });
}
