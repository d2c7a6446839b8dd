/** A model that overflows for some requests, behind a real server. */
import test from "ava";
import { complete, post, servedPolicy, serveModels, textsOf } from "../../../support/serve-completions.js";
import { vocabularySize, writeTinyModel } from "../../../support/tiny-engine.js";
import { loadTinyPolicy } from "../../../support/tiny-policy.js";

/** Finite weights, but a sequence with a token from 257 on overflows. */
const overflowsFrom = 257;
function overflowing(name: string, values: Float32Array, [rows, columns]: readonly number[]): void {
  const fill = (value: (row: number) => number) => {
    for (let row = 0; row < (rows as number); row++) values[row * (columns as number)] = value(row);
  };
  if (name === "model.embed_tokens.weight") fill((token) => (token < overflowsFrom ? 0 : 1));
  if (/layers\.0\..*[qk]_proj/.test(name)) fill(() => 1e25);
}

test("a request that overflows fails with 500, whole or streamed, without a word of it in the log; the others go on", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t, 1, overflowing));
  const { url, log } = await serveModels(t, [servedPolicy("faulty", policy)]);
  // These end before a token that overflows is read again.
  const ends = Array.from({ length: vocabularySize - overflowsFrom }, (_, i) => overflowsFrom + i);
  const good = { prompt: "secret", n: 4, seed: 1, max_tokens: 40, stop_token_ids: ends };
  const wanted = textsOf([await complete(url, good)]);
  const bad = { prompt: "secret", n: 40, seed: 2, max_tokens: 200, ignore_eos: true };
  const [whole, streamed, company] = await Promise.all([
    post(url, bad),
    post(url, { ...bad, stream: true }),
    complete(url, good),
  ]);
  t.is(whole.status, 500);
  t.like(await whole.json(), { error: { code: "ERPRM_NUMERICAL", param: null } });
  const body = await streamed.text();
  const last = body.split("\n\n").filter(Boolean).at(-1) ?? "";
  const error = JSON.parse(streamed.status === 500 ? last : last.slice("data: ".length)) as unknown;
  t.like(error, { error: { code: "ERPRM_NUMERICAL" } });
  t.false(body.includes("[DONE]"));
  t.deepEqual(textsOf([company]), wanted);
  t.true(log.some((line) => line.includes("ERPRM_NUMERICAL")));
  t.false(log.some((line) => line.includes("secret")));
  t.is(policy.stats().running, 0);
});
