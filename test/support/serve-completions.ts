/** A real server in front of a policy, on a port of its own. */
import type { ExecutionContext } from "ava";
import { Policy, type PolicyOptions } from "../../src/policy/policy.js";
import type { ServiceLimits } from "../../src/service/limits.js";
import { type AnyServedModel, loadedModel, ModelRegistry, type ServedPolicy } from "../../src/service/models.js";
import { createServer, type Service } from "../../src/service/server.js";

export interface CompletionServer {
  service: Service;
  /** http://127.0.0.1:PORT */
  url: string;
  /** Lines of its log. */
  log: string[];
}

/** Serves these policies; closed when the test ends. */
export async function serveModels(
  t: ExecutionContext,
  served: readonly AnyServedModel[],
  limits: Partial<ServiceLimits> = {},
): Promise<CompletionServer> {
  const models = new ModelRegistry();
  for (const model of served) models.add(model);
  const log: string[] = [];
  const service = await createServer({ models, limits, log: (line) => log.push(line) });
  t.teardown(() => service.drain(0));
  const port = await service.listen({ host: "127.0.0.1", port: 0 });
  return { service, url: `http://127.0.0.1:${port}`, log };
}

export function servedPolicy(name: string, policy: Policy): ServedPolicy {
  return { kind: "policy", ...loadedModel(name, policy) };
}

/** The built-in model behind a server; both end with the test. */
export async function serveTiny(
  t: ExecutionContext,
  options: PolicyOptions = {},
  limits: Partial<ServiceLimits> = {},
): Promise<CompletionServer & { policy: Policy }> {
  const policy = await Policy.load("builtin:tiny", { threads: 1, kvMemoryBytes: 256 << 20, ...options });
  // Teardowns run last first: the server closes before its model goes.
  t.teardown(() => policy.dispose());
  return { policy, ...(await serveModels(t, [servedPolicy("tiny", policy)], limits)) };
}

export function post(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

export interface Answer {
  id: string;
  model: string;
  seed: number;
  choices: {
    index: number;
    text: string;
    finish_reason: "stop" | "length" | null;
    stop_reason: string | null;
    logprobs: {
      tokens: string[];
      token_logprobs: number[];
      top_logprobs: Record<string, number>[] | null;
      text_offset: number[];
    } | null;
    prompt_token_ids?: number[];
    token_ids?: number[];
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
}

/** The answer of a request that must succeed. */
export async function complete(url: string, body: unknown): Promise<Answer> {
  const response = await post(url, body);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}

/** The events of a streamed answer, [DONE] left out, which must be the last. */
export async function events(url: string, body: object): Promise<Answer[]> {
  const response = await post(url, { ...body, stream: true });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  const datas = text.split("\n\n").filter((event) => event !== "");
  if (datas.some((event) => !event.startsWith("data: "))) throw new Error(`no event: ${text}`);
  if (datas.pop() !== "data: [DONE]") throw new Error(`no [DONE] at the end: ${text}`);
  return datas.map((event) => JSON.parse(event.slice("data: ".length)) as Answer);
}

/** Texts by index, put together from events. */
export function textsOf(all: readonly Answer[]): string[] {
  const texts: string[] = [];
  for (const { choices } of all) {
    for (const { index, text } of choices) texts[index] = (texts[index] ?? "") + text;
  }
  return texts;
}
