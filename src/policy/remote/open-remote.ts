/** From `openai:URL#MODEL` to a policy: its servers are asked what they can do, and what they serve is compared with what is wanted. */
import { expectFiniteNumber, expectInteger, expectPositiveInteger, failArgument } from "../../check.js";
import { ErprmError } from "../../errors.js";
import { byteTextModel } from "../../text/byte-text-model.js";
import type { TextModel } from "../../text/text-model.js";
import type { OpenedRolloutPolicy } from "../rollout-policy.js";
import { type Capabilities, commonCapabilities } from "./capabilities.js";
import { remoteDefaults } from "./defaults.js";
import { Endpoints } from "./endpoints.js";
import { HttpClient } from "./http-client.js";
import { findListed, type ListedModel } from "./list-models.js";
import { openTokenizer } from "./open-tokenizer.js";
import { type ProbeResult, probeServer } from "./probe.js";
import { parseRemoteName, type RemoteName } from "./remote-name.js";
import { RemotePolicy, type TokenPrices } from "./remote-policy.js";
import { askWithRetries, type RetryOptions } from "./retry.js";

export interface RemotePolicyOptions {
  /** A model directory (weights are not needed), a .gguf file or builtin:tiny: the tokenizer and chat template of the model. */
  tokenizer?: string | undefined;
  /** Tokens of prompt and completion together; default: what the servers say, else no limit. Needs `tokenizer`. */
  contextLength?: number | undefined;
  /** Requests in flight at each server, default 32. */
  concurrency?: number | undefined;
  /** Tries of a request after the first, default 10. */
  maxRetries?: number | undefined;
  /** Seconds until a request counts as lost, default 1800. */
  requestTimeout?: number | undefined;
  /** Bounds of the waits between tries, milliseconds; default 500 at first, 30,000 at most. */
  backoff?: { firstMs: number; mostMs: number } | undefined;
  /** Sent as a bearer token; never recorded or shown. */
  apiKey?: string | undefined;
  prices?: TokenPrices | undefined;
  signal?: AbortSignal | undefined;
}

const defaultBackoff = { firstMs: 500, mostMs: 30_000 };
/** A server that is not there should be named soon. */
const probeRetries = 3;

/** What was found out about one server. */
interface Found extends ProbeResult {
  listed: ListedModel | undefined;
}

/**
 * @throws ERPRM_INVALID_ARGUMENT for a name or option that cannot be, a model that is not served, a server that cannot continue a prefix
 *   or has another tokenizer; ERPRM_NOT_FOUND and the like for the tokenizer; ERPRM_IO for a server that does not answer; ERPRM_ABORTED
 */
export async function openRemotePolicy(name: string, options: RemotePolicyOptions = {}): Promise<OpenedRolloutPolicy> {
  const remote = parseRemoteName(name);
  const { concurrency, retries, timeoutMs, apiKey, prices } = checkOptions(options);
  const tokenizer =
    options.tokenizer === undefined ? undefined : await openTokenizer(options.tokenizer, options.signal);
  const client = await HttpClient.open({ apiKey, timeoutMs });
  const soon = { ...retries, maxRetries: Math.min(probeRetries, retries.maxRetries) };
  const found = await examineAll(remote, { client, retries: soon, text: tokenizer?.text }, options.signal);
  const capabilities = commonCapabilities(found.map((one) => one.capabilities));
  const lengths = found.flatMap(({ listed }) => listed?.contextLength ?? []);
  const contextLength = options.contextLength ?? (lengths.length > 0 ? Math.min(...lengths) : undefined);
  const maxBatch = concurrency * remote.baseUrls.length;
  return {
    fingerprint: fingerprintOf(found, remote),
    identity: {
      contextLength: tokenizer && contextLength,
      tokenizer: tokenizer?.fingerprint,
      server: {
        prompts: capabilities.takesTokens ? "token ids" : "texts",
        completions: capabilities.givesTokens ? "token ids" : "texts",
        ...(!capabilities.extraFields && { truncation: "the server's own" }),
      },
    },
    notes: notesOf(name, capabilities, tokenizer?.text),
    build: { servers: [...new Set(found.map(({ listed }) => listed?.ownedBy ?? "unknown"))] },
    load: async () =>
      new RemotePolicy({
        model: remote.model,
        client: await HttpClient.open({ apiKey, timeoutMs }),
        endpoints: new Endpoints(remote.baseUrls, { concurrency }),
        ...{ capabilities, maxBatch, retries, prices },
        text: tokenizer?.text ?? byteTextModel(),
        trunkUnit: tokenizer ? "token" : "byte",
        contextLength: (tokenizer && contextLength) ?? Number.POSITIVE_INFINITY,
      }),
  };
}

function checkOptions(options: RemotePolicyOptions) {
  const { contextLength, tokenizer, apiKey, prices = {} } = options;
  const concurrency = expectPositiveInteger("concurrency", options.concurrency ?? remoteDefaults.concurrency);
  const maxRetries = expectInteger("maxRetries", options.maxRetries ?? remoteDefaults.maxRetries);
  const seconds = expectFiniteNumber("requestTimeout", options.requestTimeout ?? remoteDefaults.requestTimeout);
  // Timers hold 32 bits of milliseconds.
  if (!(seconds > 0 && seconds <= 2_000_000)) failArgument("requestTimeout", "above 0, at most 2000000", seconds);
  if (contextLength !== undefined) {
    expectPositiveInteger("contextLength", contextLength);
    if (tokenizer === undefined) failArgument("contextLength", "given with a tokenizer, which counts", contextLength);
  }
  // Without the value: it is a secret.
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", "Expected the API key to be printable ASCII without spaces", {});
  }
  for (const [what, price] of Object.entries(prices)) {
    if (price !== undefined && !(Number.isFinite(price) && price >= 0))
      failArgument(`${what} price`, "0 or more", price);
  }
  const retries: RetryOptions = { maxRetries, ...(options.backoff ?? defaultBackoff) };
  return { concurrency, retries, timeoutMs: seconds * 1000, apiKey, prices };
}

interface Probing {
  client: HttpClient;
  retries: RetryOptions;
  text: TextModel | undefined;
  signal: AbortSignal;
}

/** All servers at once; the first one that will not do ends the others' examination. */
async function examineAll(
  { baseUrls, model }: RemoteName,
  probing: Omit<Probing, "signal">,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  const examined = baseUrls.map((url) => examine(url, model, { ...probing, signal: ending.signal }));
  try {
    return await Promise.all(examined);
  } finally {
    end();
    await Promise.allSettled(examined);
    signal?.removeEventListener("abort", end);
    await probing.client.close();
  }
}

async function examine(url: string, model: string, { client, retries, text, signal }: Probing): Promise<Found> {
  const endpoints = new Endpoints([url], { concurrency: 1 });
  const ask = <T>(work: (base: string) => Promise<T>) => askWithRetries(endpoints, work, retries, { signal });
  const listed = await modelList(ask, client, url, model, signal);
  const complete = <T>(body: Record<string, unknown>, read: (answer: unknown) => T) =>
    ask(async (base) => read(await client.json({ method: "POST", url: `${base}/completions`, body, signal })));
  const probed = await probeServer({ url, model, isSglang: listed?.ownedBy === "sglang", complete }, text);
  return { ...probed, listed };
}

async function modelList(
  ask: <T>(work: (base: string) => Promise<T>) => Promise<T>,
  client: HttpClient,
  url: string,
  model: string,
  signal: AbortSignal,
): Promise<ListedModel | undefined> {
  let answer: unknown;
  try {
    answer = await ask((base) => client.json({ method: "GET", url: `${base}/models`, signal }));
  } catch (error) {
    const status = error instanceof ErprmError ? (error.details.status as number | undefined) : undefined;
    // Not every server has a list, or one that works: whether it serves completions is asked next.
    if (status !== 404 && status !== 405 && !(status !== undefined && status >= 500)) throw error;
  }
  return findListed(answer, url, model);
}

/** What stands for the model, at all servers: its files' where the server tells, else the name by which it is known there. */
function fingerprintOf(found: readonly Found[], { baseUrls, model }: RemoteName): string {
  const nameOf = (one: Found) => one.listed?.fingerprint ?? `openai:${one.listed?.id ?? one.model ?? model}`;
  const names = [...new Set(found.map(nameOf))];
  if (names.length === 1) return names[0] as string;
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected one model at ${baseUrls.join(", ")}, received several: ${names.join(", ")}`,
    { received: names },
  );
}

function notesOf(name: string, capabilities: Capabilities, text: TextModel | undefined): string[] {
  const { takesTokens, givesTokens, manyCompletions, samples, extraFields, countsTokens } = capabilities;
  const notes = [
    [
      text === undefined,
      "without --tokenizer prompts are plain texts, no chat template is used, and no tokens are recorded",
    ],
    [text !== undefined && !takesTokens, "the server takes no token ids: prompts are sent as texts"],
    [text !== undefined && !givesTokens, "the server tells no token ids: solutions are recorded without tokens"],
    [!samples, "the server does not sample: only greedy completions (temperature 0) can be had of it"],
    [
      samples && !manyCompletions,
      "the server writes one completion a request, or the same one several times: each is asked for alone",
    ],
    [
      !extraFields,
      "the server takes no top_k, min_p and repetition_penalty: whatever it does by default, it does here",
    ],
    [!countsTokens, "the server counts no tokens"],
  ] as const;
  return notes.filter(([isSo]) => isSo).map(([, note]) => `${name}: ${note}`);
}
