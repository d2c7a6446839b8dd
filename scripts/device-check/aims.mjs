/** The aims of the work on cards: the least share of what the card can do, or times of a peer's rate. */

/** Kernels of labels count where they are bound by memory, not by their launch: from this much on. */
const largeBytes = 2 ** 28;

/** @returns {number | undefined} of a result, as its row's `share` is */
export function aimOf(result) {
  const { bench, batch } = result;
  if (bench === "decode") return batch >= 256 && batch <= 1024 ? 0.8 : undefined;
  if (bench === "log-mean-exp") return result.bytes >= largeBytes ? 0.9 : undefined;
  return { score: 0.5, train: 0.5 }[bench];
}

/** Times transformers' tokens a second. */
export const peerAim = 10;
/** Times the published rates, scaled to the same work. */
export const publishedAim = 1;
