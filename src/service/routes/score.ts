/** `POST /v1/score`: step scores of one solution, of some, or of a stream of them. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { ndjson } from "../bodies.js";
import { answerSignal } from "../client-gone.js";
import type { Routes } from "../context.js";
import { parseLine } from "../parse-line.js";
import { type BodyLine, readLines } from "../scoring/read-lines.js";
import { type ScoreLine, scoreResponse, scoreSchemas } from "../scoring/schema.js";
import { encodeSolution, encodeSolutions, scoredResult } from "../scoring/score-solution.js";
import { type StreamEntry, scoreStream } from "../scoring/score-stream.js";

const description = `One solution: \`{question, steps}\`. Some: \`{items: [{question, steps}, ...]}\`, all scored or none. Any number: a
body of type ${ndjson}, one \`{question, steps}\` a line, is answered line by line in order while it is still being sent; a line
that cannot be scored is answered by \`{line, error}\` and is not the end. \`Accept: ${ndjson}\` gives items back as such lines too.`;

export const scoreRoutes: Routes = async (app, { context }) => {
  const { models, limits, scorers } = context;
  const schemas = scoreSchemas(limits);

  async function* entriesOf(lines: AsyncIterable<BodyLine>): AsyncGenerator<StreamEntry, void, undefined> {
    for await (const one of lines) yield { line: one.line, ...("error" in one ? one : parseLine(one, schemas.line)) };
  }

  app.post(
    "/v1/score",
    {
      schema: {
        summary: "Step scores of solutions",
        description,
        tags: ["scores"],
        consumes: ["application/json", ndjson],
        produces: ["application/json", ndjson],
        body: schemas.request,
        response: { 200: scoreResponse },
      },
    },
    async (request, reply) => {
      const { client } = request;
      const signal = answerSignal(reply, context);
      const stream = (entries: AsyncIterable<StreamEntry> | Iterable<StreamEntry>) => {
        const lines: FastifyReply = reply.type(ndjson);
        return lines.send(Readable.from(scoreStream(entries, context, client, signal), { highWaterMark: 1 }));
      };
      const body: unknown = request.body;
      if (body instanceof Readable) {
        const { maxBodyBytes, clientTimeoutSeconds } = limits;
        const settings = { maxLineBytes: maxBodyBytes, idleSeconds: clientTimeoutSeconds, stopping: context.stopping };
        return stream(entriesOf(readLines(body, settings)));
      }
      const model = models.find("reward-model", request.body.model);
      const queue = scorers.of(model);
      if (!("items" in request.body)) {
        queue.expectRoom(client);
        const encoded = await encodeSolution(model, request.body, limits, signal);
        const [stepScores] = await queue.submit(client, [encoded], signal);
        return scoredResult(model.name, request.body, stepScores as number[], encoded);
      }
      const { items } = request.body;
      if (request.headers.accept?.includes(ndjson)) {
        return stream(items.map((item, i) => ({ line: i + 1, solution: { ...item, model: model.name } as ScoreLine })));
      }
      queue.expectRoom(client);
      const encoded = await encodeSolutions(model, items, limits, signal);
      const all = await queue.submit(client, encoded, signal);
      const results = items.map((item, i) =>
        scoredResult(model.name, item, all[i] as number[], encoded[i] as (typeof encoded)[number]),
      );
      return { results };
    },
  );
};
