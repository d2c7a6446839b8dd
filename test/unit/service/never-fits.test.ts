import test from "ava";
import { RewardModel } from "../../../src/reward/reward-model.js";
import { lazyModel } from "../../../src/service/models/lazy-model.js";
import { ModelMemory } from "../../../src/service/models/model-memory.js";
import { serveModels } from "../../support/serve-completions.js";
import { blockBytes, writeTinyModel } from "../../support/tiny-engine.js";
import { writeTinyConfig } from "../../support/tiny-scoring.js";

async function serveRewardModel(t: Parameters<typeof writeTinyModel>[0], kvMemoryBytes: number) {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  const opened = await RewardModel.open(directory, { threads: 1, kvMemoryBytes });
  const { url } = await serveModels(t, [{ kind: "reward-model", ...lazyModel("small", opened, new ModelMemory()) }]);
  return (question: string) =>
    fetch(`${url}/v1/score`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question, steps: ["One and one.\n", "2"] }),
    });
}

test("a solution that the key-value memory cannot hold even alone is refused with 422, not put off with 503", async (t) => {
  const score = await serveRewardModel(t, 2 * blockBytes);
  t.is((await score("1 + 1?")).status, 200);
  const refused = await score("1 + 1? ".repeat(25));
  t.is(refused.status, 422);
  t.like(await refused.json(), { error: { code: "ERPRM_OUT_OF_MEMORY" } });
});

test("a model that its memory cannot hold at all is a fault of the server", async (t) => {
  const score = await serveRewardModel(t, blockBytes);
  t.is((await score("1 + 1?")).status, 500);
});
