/**
 * A server of `/completions` whose model is a function of (prompt, seed, index of the completion): the same request gets the
 * same answer, whatever happened in between. What happens in between is up to the test: see `Fault`. Its tokens are bytes,
 * those of byte-tokenizer.ts.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ExecutionContext } from "ava";

const endToken = 256;

export interface CompletionBody {
  model: string;
  prompt: string | number[];
  n: number;
  seed: number;
  max_tokens: number;
  temperature: number;
  stop?: string[];
  return_token_ids?: boolean;
  include_stop_str_in_output?: boolean;
  [field: string]: unknown;
}

export type Fault =
  /** The connection ends without an answer. */
  | { kind: "drop" }
  /** The answer ends in the middle of its body. */
  | { kind: "cut" }
  /** 200, and no JSON. */
  | { kind: "garbage" }
  /** 200, with less choices than asked for. */
  | { kind: "few" }
  /** A completion that the server gave up. */
  | { kind: "abort" }
  | { kind: "status"; status: number; retryAfter?: string; body?: string }
  /** The answer waits for it. */
  | { kind: "wait"; for: Promise<unknown> };

export interface CompletionServerOptions {
  model?: string;
  /** Of /models; null: there is none. */
  models?: Record<string, unknown>[] | null;
  /** What goes wrong with a request, counted from 0 over all of /completions; undefined: nothing. */
  faultOf?: (requestNumber: number, body: CompletionBody) => Fault | undefined;
  write?: (stream: Buffer, prompt: string) => string;
  /** Put around every prompt. */
  chat?: { before: string; after: string };
  takesTokens?: boolean;
  givesTokens?: boolean;
  countsTokens?: boolean;
  /** 400 for fields that the OpenAI interface does not have. */
  isStrict?: boolean;
  /** Choices of one request are all the same. */
  repeats?: boolean;
  /** It does not sample: a prompt has one completion. */
  isGreedy?: boolean;
  /** More fields of an answer, in place of its own. */
  answerFields?: () => Record<string, unknown>;
  /** Choices that it writes at most, without a word about the others. */
  maxChoices?: number;
  /** 400 for more choices than this. */
  numSlots?: number;
  /** Its list of models comes after it. */
  listAfter?: Promise<unknown>;
}

export interface CompletionServer {
  /** Without a slash at the end. */
  url: string;
  /** `openai:URL#MODEL` */
  policy: string;
  /** Bodies of all requests for completions. */
  requests: CompletionBody[];
  /** Headers of the same. */
  headers: IncomingMessage["headers"][];
  inFlight: number;
  mostInFlight: number;
  /** Requests whose client went away before they were answered. */
  numGivenUp: number;
  close(): Promise<void>;
}

/** An arithmetic solution of one to four steps whose answer is 4 or 5. */
export function arithmetic(stream: Buffer): string {
  const numSteps = (stream[0] as number) % 4;
  const steps = Array.from({ length: numSteps }, (_, i) => `We add ${stream[i + 1]} and go on.\n`);
  return `${steps.join("")}The answer is ${(stream[8] as number) % 2 === 0 ? 4 : 5}.`;
}

const openAiFields = ["model", "prompt", "n", "seed", "max_tokens", "temperature", "top_p", "stop"];

class Answers {
  readonly requests: CompletionBody[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  inFlight = 0;
  mostInFlight = 0;
  numGivenUp = 0;

  constructor(readonly options: CompletionServerOptions) {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    let text = "";
    request.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    request.on("end", () => void this.#answer(request, text, response));
  }

  async #answer(request: IncomingMessage, text: string, response: ServerResponse): Promise<void> {
    const { model = "m", models = [{ id: model, object: "model" }] } = this.options;
    if (request.url?.endsWith("/models")) {
      await this.options.listAfter;
      if (models === null) send(response, 404, { error: { message: "no such route" } });
      else send(response, 200, { object: "list", data: models });
      return;
    }
    const body = JSON.parse(text) as CompletionBody;
    const number = this.requests.push(body) - 1;
    const fault = this.options.faultOf?.(number, body);
    this.headers.push(request.headers);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    response.on("close", () => {
      this.inFlight -= 1;
      if (!response.writableFinished) this.numGivenUp += 1;
    });
    if (fault?.kind === "wait") await fault.for;
    this.#reply(body, fault, response);
  }

  #reply(body: CompletionBody, fault: Fault | undefined, response: ServerResponse): void {
    const refusal = this.#refusal(body);
    if (fault?.kind === "drop") response.socket?.destroy();
    else if (fault?.kind === "status") {
      if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
      send(response, fault.status, fault.body ?? { error: { message: `fault ${fault.status}` } });
    } else if (fault?.kind === "garbage") send(response, 200, '{"choices": [{"text": "half');
    else if (refusal) send(response, 400, { error: { message: refusal, type: "BadRequestError" } });
    else this.#complete(body, fault, response);
  }

  #complete(body: CompletionBody, fault: Fault | undefined, response: ServerResponse): void {
    const answer = this.#completions(body);
    if (fault?.kind === "few") answer.choices.pop();
    if (fault?.kind === "abort") Object.assign(answer.choices[0] as object, { finish_reason: "abort" });
    const whole = JSON.stringify(answer);
    if (fault?.kind === "cut") {
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(whole) });
      response.write(whole.slice(0, whole.length / 2), () => response.socket?.destroy());
    } else {
      send(response, 200, whole);
    }
  }

  #refusal(body: CompletionBody): string | undefined {
    const { isStrict, takesTokens = true, model = "m" } = this.options;
    if (body.model !== model) return `The model ${body.model} does not exist`;
    if (isStrict) {
      const unknown = Object.keys(body).find((field) => !openAiFields.includes(field));
      if (unknown) return `Unrecognized request argument supplied: ${unknown}`;
    }
    if (!takesTokens && typeof body.prompt !== "string") return "prompt must be a string";
    if (body.n > (this.options.numSlots ?? 1024)) return "n_cmpl cannot be greater than the number of slots";
    if (body.temperature === 0 && body.n > 1) return "n must be 1 when using greedy sampling";
    return undefined;
  }

  #completions(body: CompletionBody) {
    const { chat, model = "m", countsTokens = true, givesTokens = true, maxChoices = 1024 } = this.options;
    const given = typeof body.prompt === "string" ? body.prompt : bytesOf(body.prompt).toString("utf8");
    const prompt = chat ? `${chat.before}${given}${chat.after}` : given;
    const choices = Array.from({ length: Math.min(body.n, maxChoices) }, (_, index) => {
      const { bytes, ended } = this.#write(prompt, body, index);
      const ids = [...bytes, ...(ended === "end" ? [endToken] : [])];
      return {
        index,
        text: bytes.toString("utf8"),
        finish_reason: ended === "length" ? "length" : "stop",
        logprobs: null,
        numTokens: ids.length,
        ...(givesTokens && body.return_token_ids && { token_ids: ids }),
      };
    });
    const completionTokens = choices.reduce((sum, { numTokens }) => sum + numTokens, 0);
    const usage = { prompt_tokens: Buffer.byteLength(prompt), completion_tokens: completionTokens };
    // In any order: the index tells.
    const shuffled = choices.reverse().map(({ numTokens, ...choice }) => choice);
    const told = this.options.answerFields?.();
    return {
      id: "cmpl-1",
      object: "text_completion",
      model,
      choices: shuffled,
      ...(countsTokens && { usage }),
      ...told,
    };
  }

  #write(prompt: string, body: CompletionBody, index: number): { bytes: Buffer; ended: "end" | "text" | "length" } {
    const { write = arithmetic, repeats, isGreedy = body.temperature === 0 } = this.options;
    const coordinates = isGreedy ? [prompt] : [prompt, body.seed, repeats ? 0 : index, body.temperature];
    const stream = createHash("sha256").update(JSON.stringify(coordinates)).digest();
    let text = write(stream, prompt);
    let ended: "end" | "text" = "end";
    const stops = (body.stop ?? []).map((stop) => ({ stop, at: text.indexOf(stop) })).filter(({ at }) => at >= 0);
    const first = stops.sort((a, b) => a.at - b.at)[0];
    if (first) {
      text = text.slice(0, first.at) + (body.include_stop_str_in_output ? first.stop : "");
      ended = "text";
    }
    const bytes = Buffer.from(text);
    const numTokens = bytes.length + (ended === "end" ? 1 : 0);
    return numTokens > body.max_tokens
      ? { bytes: bytes.subarray(0, body.max_tokens), ended: "length" }
      : { bytes, ended };
  }
}

function bytesOf(ids: readonly number[]): Buffer {
  return Buffer.from(ids.filter((id) => id < endToken));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Listens on a free port of this machine; closed when the test ends. */
export async function startCompletionServer(
  t: Pick<ExecutionContext, "teardown">,
  options: CompletionServerOptions = {},
): Promise<CompletionServer> {
  const answers = new Answers(options);
  const server: Server = createServer((request, response) => answers.handle(request, response));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  t.teardown(() => (server.listening ? close() : undefined));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return Object.assign(answers, { url, policy: `openai:${url}#${options.model ?? "m"}`, close });
}

/** What goes wrong with most requests, each kind again and again; every fourth request and every repeated one goes well. */
export function manyFaults(): NonNullable<CompletionServerOptions["faultOf"]> {
  const kinds: (Fault | undefined)[] = [
    { kind: "drop" },
    { kind: "cut" },
    { kind: "status", status: 500 },
    undefined,
    { kind: "garbage" },
    { kind: "few" },
    { kind: "status", status: 429, retryAfter: "0" },
    undefined,
    { kind: "status", status: 429 },
    { kind: "abort" },
    { kind: "status", status: 503, body: "<html>busy</html>" },
    undefined,
  ];
  const seen = new Map<string, number>();
  let next = 0;
  return (_number, body) => {
    const key = JSON.stringify(body);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return times > 2 ? undefined : kinds[next++ % kinds.length];
  };
}
