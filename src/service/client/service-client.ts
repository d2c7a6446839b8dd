/** The client of `erprm serve`. */

import { expectInteger, failArgument } from "../../check.js";
import type { Grade } from "../routes/grade-schema.js";
import type { ScoredSolution, SolutionItem } from "../scoring/schema.js";
import type { Ask } from "./asks.js";
import type { HttpRequest } from "./http.js";
import type { FailedSolution } from "./stream.js";

/** With the first request: programs that never ask a service need not wait for its schemas. */
const loadAsks = () => import("./asks.js");

export interface ServiceClientOptions {
  /** Where the service is: `http://127.0.0.1:8080`. */
  url: string;
  /** Sent as `Authorization: Bearer KEY`. */
  apiKey?: string | undefined;
  /** The reward model that is asked unless a call names another; may be left out where the service has one. */
  model?: string | undefined;
  /** How often a request that found no room (429, 503), or nobody, is sent again; default 5. Retry-After is honoured. */
  maxRetries?: number | undefined;
}

export interface RequestOptions {
  model?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A model of a service. */
export interface ServiceModel {
  id: string;
  kind: string;
  /** What else the service says of it: `max_model_len`, `aggregate`, `fingerprint`, ... */
  [fact: string]: unknown;
}

/**
 * Asks a service for step scores, grades and its models. Every method throws an ErprmError: of the code that the service
 * answered with and `details.status`, `details.field`; ERPRM_IO where nobody answers; ERPRM_ABORTED where `signal` fires,
 * which also stops the work at the service.
 * @example
 * const client = new ServiceClient({ url: "http://127.0.0.1:8080" });
 * const { stepScores, scores } = await client.score({ question: "1 + 1?", steps: ["One and one is two."] });
 */
export class ServiceClient {
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #model: string | undefined;
  readonly #maxRetries: number;

  /** @throws ERPRM_INVALID_ARGUMENT */
  constructor({ url, apiKey, model, maxRetries = 5 }: ServiceClientOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      // What stands before an @ may be a password.
      const shown = url.replace(/\/\/.*@/, "//...@");
      failArgument("url", "the address of a service, such as http://127.0.0.1:8080", shown);
    }
    this.#base = new URL(url.endsWith("/") ? url : `${url}/`);
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    this.#model = model;
    this.#maxRetries = expectInteger("maxRetries", maxRetries, 0, 1000);
  }

  /** Step scores of one solution and their aggregates. */
  async score(solution: SolutionItem, options: RequestOptions = {}): Promise<ScoredSolution> {
    const body = { ...this.#named(options), ...fieldsOf(solution) };
    return (await loadAsks()).askScore(this.#post("v1/score", body, options.signal));
  }

  /** Of some solutions, in their order: all of them or an error. For many, see `scoreStream`. */
  async scoreMany(solutions: readonly SolutionItem[], options: RequestOptions = {}): Promise<ScoredSolution[]> {
    if (solutions.length === 0) return [];
    const body = { ...this.#named(options), items: solutions.map(fieldsOf) };
    return (await loadAsks()).askScores(this.#post("v1/score", body, options.signal));
  }

  /**
   * Of any number of solutions, in their order, while they are still being sent; as many are on their way as the service
   * takes. One that cannot be scored is given as `{error}` and the stream goes on; what ends it is thrown, after the results
   * before it. A stream is not begun again by itself: the next solution is the one after the last result.
   */
  async *scoreStream(
    solutions: Iterable<SolutionItem> | AsyncIterable<SolutionItem>,
    options: RequestOptions = {},
  ): AsyncGenerator<ScoredSolution | FailedSolution, void, undefined> {
    const headers = { "content-type": "application/x-ndjson" };
    const request = this.#request("POST", "v1/score", headers, options.signal);
    yield* (await loadAsks()).scoreLines(request, solutions, options.model ?? this.#model);
  }

  /** The outcome of a whole solution, or of a final answer, by the reference answer. */
  async grade(
    graded: { answer: string; solution: string } | { answer: string; finalAnswer: string },
    { signal }: Pick<RequestOptions, "signal"> = {},
  ): Promise<Grade> {
    return (await loadAsks()).askGrade(this.#post("v1/grade", graded, signal));
  }

  /** The models of the service. */
  async models({ signal }: Pick<RequestOptions, "signal"> = {}): Promise<ServiceModel[]> {
    const request = this.#request("GET", "v1/models", {}, signal);
    return (await loadAsks()).askModels({ request, maxRetries: this.#maxRetries });
  }

  #named({ model = this.#model }: RequestOptions): { model?: string } {
    return model === undefined ? {} : { model };
  }

  #request(method: "GET" | "POST", path: string, headers: Record<string, string>, signal?: AbortSignal): HttpRequest {
    return { method, url: new URL(path, this.#base), headers: { ...this.#headers, ...headers }, signal };
  }

  #post(path: string, value: object, signal: AbortSignal | undefined): Ask {
    const body = JSON.stringify(value);
    const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
    return { request: this.#request("POST", path, headers, signal), body, maxRetries: this.#maxRetries };
  }
}

/** A record of solutions.jsonl has more than the service needs. */
function fieldsOf({ question, steps, problemId, index }: SolutionItem): SolutionItem {
  return { question, steps, problemId, index };
}
