/** What is said of a policy behind servers, checked. */
import { expectFiniteNumber, expectInteger, expectPositiveInteger, failArgument } from "../../check.js";
import { ErprmError } from "../../errors.js";
import { remoteDefaults } from "./defaults.js";
import type { TokenPrices } from "./remote-policy.js";
import type { RetryOptions } from "./retry.js";

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
  /** Sends the key over plain HTTP to other machines too; default false: refused. */
  apiKeyOverHttp?: boolean | undefined;
  prices?: TokenPrices | undefined;
  /** Is told which server has not answered for how long, while it is asked what it can do. */
  tell?: ((text: string) => void) | undefined;
  /** Milliseconds: until that is told first (default 10,000), and that a list of models may take (30,000). */
  patience?: { tellMs: number; listMs: number } | undefined;
  signal?: AbortSignal | undefined;
}

const defaultBackoff = { firstMs: 500, mostMs: 30_000 };
/** Servers make their list of models in a moment, however busy they are. */
const defaultPatience = { tellMs: 10_000, listMs: 30_000 };

export interface RemoteSettings {
  concurrency: number;
  retries: RetryOptions;
  timeoutMs: number;
  apiKey: string | undefined;
  apiKeyOverHttp: boolean;
  prices: TokenPrices;
  tell: (text: string) => void;
  patience: { tellMs: number; listMs: number };
}

/** @throws ERPRM_INVALID_ARGUMENT */
export function checkRemoteOptions(options: RemotePolicyOptions): RemoteSettings {
  const { contextLength, tokenizer, apiKey, apiKeyOverHttp = false, prices = {}, tell = () => {} } = options;
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
  const patience = options.patience ?? defaultPatience;
  for (const [what, ms] of Object.entries(patience)) expectPositiveInteger(what, ms);
  return { concurrency, retries, timeoutMs: seconds * 1000, apiKey, apiKeyOverHttp, prices, tell, patience };
}
