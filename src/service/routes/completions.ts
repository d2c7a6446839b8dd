/** `POST /v1/completions`: raw completions of prompts, as OpenAI clients ask for them. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { abortedError } from "../../policy/native-call.js";
import { answerSignal } from "../client-gone.js";
import { answerHead, choiceAnswer, completionForm, usageOf } from "../completions/answer.js";
import type { ChoiceNews } from "../completions/choice.js";
import { completionEvents, eventOf } from "../completions/events.js";
import { CompletionLine } from "../completions/line.js";
import { CompletionMetrics } from "../completions/metrics.js";
import { readPrompts } from "../completions/prompts.js";
import { completionBody } from "../completions/request.js";
import { type AskedWork, askedWork } from "../completions/work.js";
import type { Routes, ServiceContext } from "../context.js";
import { asErprmError, errorBody } from "../error-body.js";
import { noteFailure } from "../error-handler.js";
import type { ServedPolicy } from "../models.js";
import { invalidRequest } from "../validation.js";

/** The lines in front of the policies, made when they are first asked for. */
function linesOf({ limits, metrics }: ServiceContext): (served: ServedPolicy) => CompletionLine {
  const lines = new Map<ServedPolicy, CompletionLine>();
  const ofCompletions = new CompletionMetrics(metrics.registry);
  return (served) => {
    const known = lines.get(served);
    if (known !== undefined) return known;
    const maxWaiting = limits.maxQueuedCompletions;
    const line = new CompletionLine({ served, limits, maxWaiting, metrics: ofCompletions });
    lines.set(served, line);
    ofCompletions.watch(served.name, line);
    return line;
  };
}

/** The events after the first one. An error has no status any more: it is an event too. */
async function* restOfStream(first: string, rest: AsyncGenerator<string>, context: ServiceContext) {
  try {
    yield first;
    yield* rest;
  } catch (thrown) {
    const error = asErprmError(thrown);
    noteFailure(context, "POST /v1/completions", error);
    yield eventOf(errorBody(error));
  } finally {
    await rest.return(undefined);
  }
}

export const completionRoutes: Routes = async (app, { context }) => {
  const { limits, models } = context;
  const lineOf = linesOf(context);

  // OpenAI clients know a request that cannot be served by its 400.
  app.setValidatorCompiler(({ schema }) => (data) => {
    const parsed = (schema as z.ZodType).safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: invalidRequest(parsed.error, data, 400) };
  });

  async function stream(
    reply: FastifyReply,
    line: CompletionLine,
    asked: AskedWork,
    model: string,
    signal: AbortSignal,
  ) {
    const events = completionEvents(line, asked, {
      ...{ model, client: reply.request.client, signal },
      maxUnreadBytes: limits.maxUnreadBytes,
    });
    // Waited for, so that whatever goes wrong before it has a status.
    const first = await events.next();
    if (signal.aborted) {
      await events.return();
      throw abortedError(signal);
    }
    const body = Readable.from(restOfStream(first.value as string, events, context), { objectMode: false });
    return reply
      .type("text/event-stream; charset=utf-8")
      .header("cache-control", "no-cache")
      .header("x-accel-buffering", "no")
      .send(body);
  }

  app.post(
    "/v1/completions",
    {
      schema: {
        summary: "Completions of prompts, whole or streamed as server-sent events",
        description: "The prompt's text is continued as it is: no chat template, no new turn.",
        tags: ["completions"],
        body: completionBody,
        response: {
          200: {
            description: "The whole answer; with stream: true, parts of it as events",
            content: {
              "application/json": { schema: completionForm },
              "text/event-stream": { schema: z.string().describe("data: PART, ..., data: [DONE]") },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { body, client } = request;
      const served = models.find("policy", body.model);
      const asked = askedWork(body, readPrompts(body.prompt), limits);
      const line = lineOf(served);
      const signal = answerSignal(reply, context);
      if (body.stream) return stream(reply, line, asked, served.name, signal);
      const { fingerprint, work, choices } = await line.run(asked, { client, signal });
      return {
        ...answerHead(served.name, fingerprint, asked.seed),
        choices: choices.map((choice) =>
          choiceAnswer(choice.takeNews() as ChoiceNews, work.prompts[Math.floor(choice.index / work.n)]),
        ),
        usage: usageOf(work.prompts, choices),
      };
    },
  );
};
