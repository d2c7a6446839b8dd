/** JSON over HTTP: one request, one answer, every way to fail told apart. Connections are kept open between requests. */
import type { Agent } from "undici";
import { abortedError } from "../native-call.js";
import { canRetryStatus, parseRetryAfter, ServerFault, shownBody } from "./server-fault.js";

export interface HttpClientOptions {
  apiKey?: string | undefined;
  /** Until the whole answer is there. */
  timeoutMs: number;
}

export interface JsonRequest {
  method: "GET" | "POST";
  url: string;
  body?: unknown;
  /** In place of the client's. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** More than any answer of completions; a server that never stops sending does not fill the memory. */
const maxResponseBytes = 512 * 2 ** 20;

/** Wrong certificates do not mend themselves. */
const lastingCodes = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_VERIFY|UND_ERR_RES_EXCEEDED)/;

export class HttpClient {
  readonly #agent: Agent;
  readonly #send: typeof import("undici").request;
  readonly #options: HttpClientOptions;

  private constructor(undici: typeof import("undici"), options: HttpClientOptions) {
    // Answers come when the last completion is finished: only the whole request has a time limit.
    this.#agent = new undici.Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: maxResponseBytes });
    this.#send = undici.request;
    this.#options = options;
  }

  static async open(options: HttpClientOptions): Promise<HttpClient> {
    return new HttpClient(await import("undici"), options);
  }

  /**
   * What `read` makes of the answer's JSON.
   * @throws ServerFault, also that of `read`, without the key in it; what else `read` throws; ERPRM_ABORTED
   */
  async json<T>(request: JsonRequest, read: (answer: unknown) => T): Promise<T> {
    const answer = await this.#ask(request);
    try {
      return read(answer);
    } catch (error) {
      throw error instanceof ServerFault ? error.with(this.#hidden(error.answer)) : error;
    }
  }

  async #ask({ method, url, body, timeoutMs = this.#options.timeoutMs, signal }: JsonRequest): Promise<unknown> {
    if (signal?.aborted) throw abortedError(signal);
    const { apiKey } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort();
    }, timeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const answer = await this.#send(url, {
        dispatcher: this.#agent,
        method,
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: controller.signal,
      });
      const text = await answer.body.text();
      return this.#read(answer.statusCode, text, answer.headers);
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      if (error instanceof ServerFault) throw error;
      if (timedOut) throw new ServerFault(`nothing within ${timeoutMs / 1000} s`, { canRetry: true }, error);
      throw this.#connectionFault(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #read(status: number, text: string, headers: Record<string, string | string[] | undefined>): unknown {
    if (status >= 200 && status < 300) {
      try {
        return JSON.parse(text);
      } catch (error) {
        const answer = `${status} with a body that is no JSON: ${shownBody(this.#hidden(text))}`;
        throw new ServerFault(answer, { canRetry: true, status }, error);
      }
    }
    const header = (name: string) => [headers[name]].flat()[0];
    const moved = status >= 300 && status < 400 ? ` (it has moved to ${header("location")})` : "";
    const said = shownBody(this.#hidden(text));
    throw new ServerFault(`${status}${moved}${said === "" ? "" : `: ${said}`}`, {
      canRetry: canRetryStatus(status),
      status,
      retryAfterMs: parseRetryAfter(header("retry-after")),
    });
  }

  #connectionFault(error: unknown): ServerFault {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const what = message.includes(code) ? message : `${message} (${code})`;
    return new ServerFault(`no whole answer: ${this.#hidden(what)}`, { canRetry: !lastingCodes.test(code) }, error);
  }

  /** Servers repeat keys that they refuse. */
  #hidden(text: string): string {
    const { apiKey } = this.#options;
    return apiKey ? text.replaceAll(apiKey, "[key]") : text;
  }
}
