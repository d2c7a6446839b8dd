/** What the servers of a policy serve, and what they can do: all are asked at once, before any work. */
import { ErprmError } from "../../errors.js";
import type { TextModel } from "../../text/text-model.js";
import { Endpoints } from "./endpoints.js";
import { HttpClient } from "./http-client.js";
import { findListed, type ListedModel } from "./list-models.js";
import { type ProbeResult, probeServer } from "./probe.js";
import type { RemoteName } from "./remote-name.js";
import type { RemoteSettings } from "./remote-options.js";
import { askWithRetries, type RetryOptions } from "./retry.js";

/** What was found out about one server. */
export interface ExaminedServer extends ProbeResult {
  /** Absent where the server has no list of models. */
  listed: ListedModel | undefined;
}

/** A server that is not there should be named soon. */
const probeRetries = 3;
/** One that is busy answers when its turn comes; meanwhile the user is told. */
const probeTimeoutMs = 300_000;
/** After the first time, so many times that long lies between two notes about one question. */
const notesApart = 3;

interface Probing {
  client: HttpClient;
  retries: RetryOptions;
  text: TextModel | undefined;
  signal: AbortSignal;
  settings: RemoteSettings;
}

/**
 * In the order of the URLs; the first server that will not do ends the examination of the others.
 * @param text the tokenizer that is to be the servers'
 * @throws as `probeServer`; ERPRM_INVALID_ARGUMENT for a model that is not served
 */
export async function examineServers(
  { baseUrls, model }: RemoteName,
  settings: RemoteSettings,
  text: TextModel | undefined,
  signal: AbortSignal | undefined,
): Promise<ExaminedServer[]> {
  const { apiKey, timeoutMs, retries } = settings;
  const client = await HttpClient.open({ apiKey, timeoutMs: Math.min(timeoutMs, probeTimeoutMs) });
  const soon = { ...retries, maxRetries: Math.min(probeRetries, retries.maxRetries) };
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  const examined = baseUrls.map((url) =>
    examine(url, model, { client, retries: soon, text, signal: ending.signal, settings }),
  );
  try {
    return await Promise.all(examined);
  } finally {
    end();
    await Promise.allSettled(examined);
    signal?.removeEventListener("abort", end);
    await client.close();
  }
}

async function examine(
  url: string,
  model: string,
  { client, retries, text, signal, settings }: Probing,
): Promise<ExaminedServer> {
  const endpoints = new Endpoints([url], { concurrency: 1 });
  const ask = <T>(work: (base: string) => Promise<T>) =>
    tellingOfSilence(url, settings, askWithRetries(endpoints, work, retries, { signal }));
  const listMs = Math.min(settings.timeoutMs, settings.patience.listMs);
  const listed = await modelList(ask, client, { url, model, timeoutMs: listMs, signal });
  const complete = <T>(body: Record<string, unknown>, read: (answer: unknown) => T) =>
    ask((base) => client.json({ method: "POST", url: `${base}/completions`, body, signal }, read));
  const probed = await probeServer({ url, model, isSglang: listed?.ownedBy === "sglang", complete }, text);
  return { ...probed, listed };
}

/** What `answer` brings. While it does not, somebody should hear whom it is that all wait for. */
async function tellingOfSilence<T>(
  url: string,
  { tell, patience }: Pick<RemoteSettings, "tell" | "patience">,
  answer: Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const say = () => tell(`waiting for ${url}: no answer for ${Math.round((performance.now() - startedAt) / 1000)} s`);
  let timer = setTimeout(() => {
    say();
    timer = setInterval(say, notesApart * patience.tellMs);
  }, patience.tellMs);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

async function modelList(
  ask: <T>(work: (base: string) => Promise<T>) => Promise<T>,
  client: HttpClient,
  { url, model, timeoutMs, signal }: { url: string; model: string; timeoutMs: number; signal: AbortSignal },
): Promise<ListedModel | undefined> {
  let answer: unknown;
  try {
    const whole = (value: unknown) => value;
    answer = await ask((base) => client.json({ method: "GET", url: `${base}/models`, timeoutMs, signal }, whole));
  } catch (error) {
    const status = error instanceof ErprmError ? (error.details.status as number | undefined) : undefined;
    // Not every server has a list, or one that works: whether it serves completions is asked next.
    if (status !== 404 && status !== 405 && !(status !== undefined && status >= 500)) throw error;
  }
  return findListed(answer, url, model);
}
