/**
 * Published rates of other engines, scaled to the work that was measured here.
 *
 * An engine keeps, for other work on another card, the share of the possible that it reached where it was published: published seconds
 * against `leastSeconds` of that work on that card. Its rate for ours is that share of what this card allows. It is given the prefill
 * of each trunk once (prefix caching), and in decoding it reads a trunk once for every row, as these engines do by default.
 */

/** Copy rate and bf16 matrix rate of an H200 as torch reaches them: 8192 x 8192 products of random numbers, copies of gigabytes. */
export const h200Rates = { bytesPerSecond: 4.3e12, operationsPerSecond: 788e12 };

/** Per layer: queries, keys, values, attention's output, three matrices of the feed-forward network; and the head. */
const qwen3Of8B = 36 * (4096 * (32 + 2 * 8) * 128 + 4096 * 4096 + 3 * 4096 * 12288) + 4096 * 151936;

/**
 * SGLang with FlashInfer on one H200: Qwen3-8B in bf16, 256 requests of 1024 tokens, 1024 new tokens each, in 30.85 s: 8,497 tokens a
 * second (lmsys.org, "Towards Deterministic Inference in SGLang and Reproducible RL Training", 2025-09-22).
 */
const sglang = {
  seconds: 30.85,
  work: {
    ...{ batch: 256, trunkTokens: 1024, promptTokens: 256 * 1024, tokens: 1024 },
    ...{ multiplied: qwen3Of8B, kvBytesPerToken: 36 * 8 * 128 * 2 * 2 },
  },
};

/**
 * vLLM beside SGLang on one H100 with Llama-3.1-8B in bf16 and 1,000 prompts of ShareGPT: 12,553 and 16,215 tokens a second
 * (research.aimultiple.com/inference-engines). Its lengths are not published, so only the ratio of the two can be used.
 */
const vllmToSglang = 12553 / 16215;

/** Seconds below which the card's two rates allow no engine that reads each row's whole context in every iteration. */
export function leastSeconds(work, { bytesPerSecond, operationsPerSecond }) {
  const { batch, trunkTokens, promptTokens, tokens, multiplied, kvBytesPerToken } = work;
  const prefill = (2 * multiplied * promptTokens) / operationsPerSecond;
  const weights = Math.max((2 * multiplied) / bytesPerSecond, (2 * multiplied * batch) / operationsPerSecond);
  const contexts = (batch * (trunkTokens + tokens / 2) * kvBytesPerToken) / bytesPerSecond;
  return prefill + tokens * (weights + contexts);
}

/** Tokens a second for a result of `decode` on a card of these rates. @returns {{ engine: string, tokensPerSecond: number }[]} */
export function publishedRates(run, rates) {
  const work = { ...run, promptTokens: (run.batch / run.rowsATrunk) * run.trunkTokens };
  const share = leastSeconds(sglang.work, h200Rates) / sglang.seconds;
  const tokensPerSecond = (share * run.batch * run.tokens) / leastSeconds(work, rates);
  return [
    { engine: "SGLang", tokensPerSecond },
    { engine: "vLLM", tokensPerSecond: tokensPerSecond * vllmToSglang },
  ];
}
