/** A real server on a port of its own, over reward models and policies of the test. */
import type { ExecutionContext } from "ava";
import type { RewardModel } from "../../src/reward/reward-model.js";
import { rewardModelFacts } from "../../src/service/model-facts.js";
import { loadedModel, ModelRegistry } from "../../src/service/models.js";
import { createServer, type Service, type ServiceOptions } from "../../src/service/server.js";
import { type FakeNativeRewardModel, type FakeRewardOptions, makeFakeRewardModel } from "./fake-reward-model.js";

export interface RunningService {
  service: Service;
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  url: string;
  port: number;
  rewardModel: RewardModel;
  native: FakeNativeRewardModel;
  /** Everything it logged. */
  lines: string[];
  post(path: string, body: unknown, init?: RequestInit): Promise<{ status: number; headers: Headers; body: never }>;
}

export interface TestServiceOptions extends Partial<Omit<ServiceOptions, "log">> {
  fake?: FakeRewardOptions;
  host?: string;
}

/** Has one reward model, named prm; drained when the test ends. */
export async function startService(t: ExecutionContext, options: TestServiceOptions = {}): Promise<RunningService> {
  const { fake, host = "127.0.0.1", models = new ModelRegistry(), ...more } = options;
  const { rewardModel, native } = await makeFakeRewardModel(fake);
  models.add({ kind: "reward-model", ...loadedModel("prm", rewardModel, () => rewardModelFacts(rewardModel)) });
  const lines: string[] = [];
  const service = await createServer({ ...more, models, log: (line) => lines.push(line) });
  const port = await service.listen({ host, port: 0 });
  t.teardown(() => service.drain(0));
  const url = `http://127.0.0.1:${port}`;
  const post: RunningService["post"] = async (path, body, init = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      ...init,
      headers: { "content-type": "application/json", ...init.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as never };
  };
  return { service, url, port, rewardModel, native, lines, post };
}
