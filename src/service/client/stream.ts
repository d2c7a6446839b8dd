/** Any number of solutions through one request: lines out and lines in at the same time, in one order. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { z } from "zod";
import { splitLines } from "../../data/lines.js";
import { ErprmError } from "../../errors.js";
import { type ScoredSolution, type SolutionItem, scoredSolution } from "../scoring/schema.js";
import { answeredError, expectAnswer } from "./answers.js";
import { exchange, type HttpRequest, jsonAnswer, unreachable } from "./http.js";

/** A solution of a stream that has no scores, and why. */
export interface FailedSolution {
  problemId?: string | undefined;
  index?: number | undefined;
  error: ErprmError;
}

const failedLine = z.object({
  line: z.int().optional(),
  problemId: z.string().optional(),
  index: z.int().optional(),
  error: z.object({ code: z.string() }),
});

type Solutions = Iterable<SolutionItem> | AsyncIterable<SolutionItem>;

/** Writes as fast as the service reads; `sent` is told of every line. What the solutions throw is thrown. */
async function sendLines(
  sending: ClientRequest,
  solutions: Solutions,
  model: string | undefined,
  sent: () => void,
): Promise<void> {
  const closed = new Promise<void>((resolve) => sending.once("close", resolve));
  for await (const { question, steps, problemId, index } of solutions) {
    if (sending.destroyed) return;
    const line = { ...(model !== undefined && { model }), problemId, index, question, steps };
    sent();
    if (sending.write(`${JSON.stringify(line)}\n`)) continue;
    await Promise.race([new Promise((resolve) => sending.once("drain", resolve)), closed]);
  }
  sending.end();
}

/** @throws ERPRM_IO, ERPRM_ABORTED, ERPRM_BUSY when the service drains, whatever the solutions throw */
export async function* scoreLines(
  request: HttpRequest,
  solutions: Solutions,
  model: string | undefined,
): AsyncGenerator<ScoredSolution | FailedSolution, void, undefined> {
  let failure: { error: unknown } | undefined;
  let sending: ClientRequest | undefined;
  let numUnanswered = 0;
  const sent = () => {
    numUnanswered += 1;
  };
  const response = await exchange(request, (open) => {
    sending = open;
    sendLines(open, solutions, model, sent).catch((error: unknown) => {
      failure = { error };
      open.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  }).catch((error: unknown) => {
    throw failure ? failure.error : error;
  });
  try {
    if ((response.statusCode as number) >= 400) await jsonAnswer(response, request);
    for await (const answer of readAnswers(response, request)) {
      numUnanswered -= 1;
      yield answer;
    }
    if (numUnanswered === 0) return;
    const message = `Expected an answer to every solution, ${request.url.origin} ended the stream ${numUnanswered} before`;
    throw new ErprmError("ERPRM_IO", message, { numUnanswered });
  } catch (error) {
    throw failure ? failure.error : error;
  } finally {
    sending?.destroy();
  }
}

async function* readAnswers(response: IncomingMessage, request: HttpRequest) {
  const lines = splitLines(response, request.url.href)[Symbol.asyncIterator]();
  for (;;) {
    const next = await lines.next().catch((error: unknown) => {
      throw unreachable(request, error);
    });
    if (next.done) return;
    const answer = parsed(next.value.text, request);
    const failed = failedLine.safeParse(answer);
    if (!failed.success) {
      yield expectAnswer(scoredSolution, answer, "a line of scores");
      continue;
    }
    const { line, problemId, index } = failed.data;
    const error = answeredError(answer, 422);
    // About no line: the stream itself has ended.
    if (line === undefined) throw error;
    yield { ...(problemId !== undefined && { problemId }), ...(index !== undefined && { index }), error };
  }
}

function parsed(text: string, { url }: HttpRequest): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected lines of JSON from ${url.href}`, {}, error);
  }
}
