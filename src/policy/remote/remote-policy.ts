/**
 * A policy behind completion servers: prefixes are continued as they are, by `POST /completions`, many at a time. What comes
 * back is a matter of the server: with the same seeds it may repeat itself or not.
 */
import { setMaxListeners } from "node:events";
import { failArgument } from "../../check.js";
import { ErprmError } from "../../errors.js";
import type { TextModel } from "../../text/text-model.js";
import { abortedError } from "../native-call.js";
import type { PolicyFigures, RolloutPolicy, RolloutStats, SampledCompletion } from "../rollout-policy.js";
import { checkTrunkRequest, type TrunkRequest } from "../trunk.js";
import type { Capabilities } from "./capabilities.js";
import { requestBody } from "./completion-request.js";
import { type Choice, type CompletionResponse, readCompletions } from "./completion-response.js";
import { type Draw, drawsOf } from "./draws.js";
import type { Endpoints } from "./endpoints.js";
import type { HttpClient } from "./http-client.js";
import { promptOf } from "./prompt-form.js";
import { askWithRetries, type RetryOptions } from "./retry.js";
import { expectSameModel, type KnownModel } from "./same-model.js";

/** What a million tokens cost. */
export interface TokenPrices {
  input?: number | undefined;
  output?: number | undefined;
}

export interface RemoteParts {
  model: string;
  client: HttpClient;
  endpoints: Endpoints;
  capabilities: Capabilities;
  text: TextModel;
  trunkUnit: "token" | "byte";
  /** What each server serves, by its URL. */
  known: ReadonlyMap<string, KnownModel>;
  contextLength: number;
  /** Requests in flight at all servers together, at most. */
  maxBatch: number;
  retries: RetryOptions;
  prices: TokenPrices;
}

export class RemotePolicy implements RolloutPolicy {
  readonly text: TextModel;
  readonly trunkUnit: "token" | "byte";
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly maxBatch: number;
  readonly #parts: RemoteParts;
  readonly #disposal = new AbortController();
  readonly #counts = {
    completions: 0,
    promptTokens: 0,
    cachedPromptTokens: 0,
    completionTokens: 0,
    requests: 0,
    retries: 0,
  };

  /** Users open one by its name: `openRolloutPolicy`. */
  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.text = parts.text;
    this.trunkUnit = parts.trunkUnit;
    this.contextLength = parts.contextLength;
    this.vocabularySize = parts.text.tokenizer.vocabularySize;
    this.maxBatch = parts.maxBatch;
    setMaxListeners(0, this.#disposal.signal);
  }

  /**
   * @throws ERPRM_IO when a request failed too often; ERPRM_INVALID_ARGUMENT for one that the server refuses, and when another
   *   model answers than at the start; ERPRM_ABORTED; ERPRM_DISPOSED
   */
  async rolloutTrunk(request: TrunkRequest): Promise<SampledCompletion[][]> {
    if (this.#disposal.signal.aborted) throw disposed();
    checkTrunkRequest(request, this.contextLength);
    const { groups, seed, problemId, sampling, signal } = request;
    const { maxCompletions, extraFields, samples } = this.#parts.capabilities;
    if (!samples && sampling.temperature > 0) {
      const why = "0 with a server that writes the same text whatever the temperature and the seed";
      failArgument("the temperature", why, sampling.temperature);
    }
    if (!extraFields && (sampling.topK !== 0 || sampling.minP !== 0)) {
      failArgument("top-k and min-p", "off, because this server takes neither", `${sampling.topK}, ${sampling.minP}`);
    }
    const draws = drawsOf(groups, { seed, problemId, maxCompletions });
    const completions = groups.map(({ numCompletions }) => new Array<SampledCompletion>(numCompletions));
    // One that fails ends the others of its trunk.
    const ending = new AbortController();
    setMaxListeners(0, ending.signal);
    const end = () => ending.abort();
    const reasons = signal ? [signal, this.#disposal.signal] : [this.#disposal.signal];
    for (const reason of reasons) reason.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
    const asked = draws.map(async (draw) => {
      const sampled = await this.#sample(draw, request, ending.signal);
      for (const [i, place] of draw.places.entries()) {
        if (place)
          (completions[place.group] as SampledCompletion[])[place.completion] = sampled[i] as SampledCompletion;
        if (place) this.#counts.completions += 1;
      }
    });
    try {
      await Promise.all(asked);
    } catch (error) {
      end();
      await Promise.allSettled(asked);
      if (this.#disposal.signal.aborted) throw disposed();
      throw signal?.aborted ? abortedError(signal) : error;
    } finally {
      for (const reason of reasons) reason.removeEventListener("abort", end);
    }
    return completions;
  }

  stats(): RolloutStats {
    const { completions, promptTokens, completionTokens } = this.#counts;
    return { completions, promptTokens, completionTokens };
  }

  figures(): PolicyFigures {
    const { promptTokens, cachedPromptTokens, completionTokens, requests, retries } = this.#counts;
    const { prices, capabilities } = this.#parts;
    const cost = ((prices.input ?? 0) * promptTokens + (prices.output ?? 0) * completionTokens) / 1e6;
    const isPriced = prices.input !== undefined || prices.output !== undefined;
    return {
      counts: {
        requests,
        retries,
        ...(capabilities.countsTokens && { sampledTokens: completionTokens, promptTokens, cachedPromptTokens }),
        ...(capabilities.countsTokens && isPriced && { cost }),
      },
      timings: {},
    };
  }

  progressNote(): string {
    const { retries } = this.#counts;
    return `${this.#parts.endpoints.inFlight} requests in flight${retries > 0 ? `, ${retries} asked again` : ""}`;
  }

  /** Requests in flight are given up. */
  async dispose(): Promise<void> {
    this.#disposal.abort();
    this.#parts.endpoints.close();
    await this.#parts.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #sample(draw: Draw, request: TrunkRequest, signal: AbortSignal): Promise<SampledCompletion[]> {
    const { model, client, endpoints, capabilities, retries, known } = this.#parts;
    const { sampling, trunk } = request;
    const prefix = trunk.subarray(0, draw.prefixLength);
    const stopTokenIds = sampling.stopTokenIds ?? (this.trunkUnit === "token" ? this.text.stopTokenIds : undefined);
    // Greedy completions are all the same, and servers refuse to write one more than once.
    const isGreedy = sampling.temperature === 0;
    const n = isGreedy ? 1 : draw.numCompletions;
    const maxTokens = Math.min(sampling.maxTokens, this.contextLength - draw.prefixLength);
    const prompt = promptOf(prefix, this.text, this.trunkUnit === "token" && capabilities.takesTokens);
    const body = requestBody(
      { model, prompt, n, seed: draw.seed, sampling: { ...sampling, maxTokens, stopTokenIds } },
      capabilities,
    );
    const ask = async (url: string): Promise<CompletionResponse> => {
      this.#counts.requests += 1;
      const answer = await client.json({ method: "POST", url: `${url}/completions`, body, signal }, (value) =>
        readCompletions(value, n, capabilities.givesTokens),
      );
      expectSameModel(url, known.get(url) as KnownModel, answer);
      return answer;
    };
    const onRetry = () => {
      this.#counts.retries += 1;
    };
    const { choices, usage } = await askWithRetries(endpoints, ask, retries, { signal, onRetry });
    this.#counts.promptTokens += usage?.promptTokens ?? 0;
    this.#counts.cachedPromptTokens += usage?.cachedTokens ?? 0;
    this.#counts.completionTokens += usage?.completionTokens ?? 0;
    const all = isGreedy ? draw.places.map(() => choices[0] as Choice) : choices;
    return all.map(({ text, tokenIds, finishReason }) =>
      tokenIds ? { tokenIds, finishReason } : { text, finishReason },
    );
  }
}

function disposed(): ErprmError {
  return new ErprmError("ERPRM_DISPOSED", "Expected a policy in use, received one that was disposed");
}
