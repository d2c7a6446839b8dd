/**
 * The answer as server-sent events. They are written when the connection takes them: what has come meanwhile goes into the
 * next event together, so a slow client gets fewer and larger ones, holds up nobody, and costs the text it has not read:
 * up to a bound, at which its stream ends.
 */
import { requestError } from "../http-status.js";
import { type AnswerHead, answerHead, type CompletionAnswer, choiceAnswer, usageOf } from "./answer.js";
import type { CompletionLine, StartedRequest } from "./line.js";
import type { AskedWork } from "./work.js";

export interface EventOptions {
  model: string;
  client: string;
  signal: AbortSignal;
  /** Of the stream, waiting for its client; about. */
  maxUnreadBytes: number;
}

/** One event. JSON has no raw line ends, so one data line is enough. */
export function eventOf(value: unknown): string {
  return `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
}

/**
 * The events up to and with [DONE]; the first one comes with the first token. To end early, return.
 * @throws as `CompletionLine.run`; a request error {status: 408} for a client that does not read
 */
export async function* completionEvents(
  line: CompletionLine,
  asked: AskedWork,
  { model, client, signal, maxUnreadBytes }: EventOptions,
): AsyncGenerator<string, void, undefined> {
  const unread = new AbortController();
  let request: StartedRequest | undefined;
  let state: { ended: boolean; error?: unknown } = { ended: false };
  let ring = () => {};
  const running = line.run(asked, {
    client,
    signal: AbortSignal.any([signal, unread.signal]),
    onStart: (started) => {
      request = started;
    },
    onTokens: () => {
      const waiting = request?.choices.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0) ?? 0;
      if (waiting > maxUnreadBytes) giveUp();
      else ring();
    },
  });
  const end = (how: typeof state) => {
    if (!state.ended) state = how;
    ring();
  };
  const giveUp = () => {
    end({ ended: true, error: behind(maxUnreadBytes) });
    unread.abort();
    for (const choice of request?.choices ?? []) choice.takeNews();
  };
  const settled = running.then(
    () => end({ ended: true }),
    (error: unknown) => end({ ended: true, error }),
  );
  try {
    let teller: Teller | undefined;
    for (;;) {
      // Before the news are read: nothing that comes afterwards is missed.
      const rung = new Promise<void>((resolve) => {
        ring = resolve;
      });
      const { ended } = state;
      if (request !== undefined) {
        teller ??= new Teller(model, asked, request);
        yield* teller.news();
      }
      if (!ended) {
        await rung;
        continue;
      }
      if ("error" in state) throw state.error;
      yield* (teller as Teller).end();
      return;
    }
  } finally {
    unread.abort();
    await settled;
  }
}

function behind(maxBytes: number): Error {
  return requestError(408, `Expected the client to read its stream, more than ${maxBytes} bytes of it waited`);
}

class Teller {
  readonly #head: AnswerHead;
  readonly #request: StartedRequest;
  readonly #withUsage: boolean;
  readonly #told = new Set<number>();

  constructor(model: string, { seed, body }: AskedWork, request: StartedRequest) {
    this.#head = answerHead(model, request.fingerprint, seed);
    this.#request = request;
    this.#withUsage = body.stream_options?.include_usage ?? false;
  }

  *news(): Generator<string, void, undefined> {
    const { work, choices } = this.#request;
    for (const choice of choices) {
      const news = choice.takeNews();
      if (news === undefined) continue;
      const promptIds = this.#told.has(news.index) ? undefined : work.prompts[Math.floor(news.index / work.n)];
      this.#told.add(news.index);
      const answer: CompletionAnswer = { ...this.#head, choices: [choiceAnswer(news, promptIds)] };
      yield eventOf(this.#withUsage ? { ...answer, usage: null } : answer);
    }
  }

  *end(): Generator<string, void, undefined> {
    const { work, choices } = this.#request;
    if (this.#withUsage) yield eventOf({ ...this.#head, choices: [], usage: usageOf(work.prompts, choices) });
    yield eventOf("[DONE]");
  }
}
