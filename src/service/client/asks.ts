/** Requests of the client and their answers, checked. A module of its own: it is loaded with the first request. */
import { z } from "zod";
import { type Grade, gradeResponse } from "../routes/grade-schema.js";
import { type ScoredSolution, scoredSolution } from "../scoring/schema.js";
import { expectAnswer } from "./answers.js";
import { exchange, type HttpRequest, jsonAnswer } from "./http.js";
import { withRetries } from "./retries.js";

export { scoreLines } from "./stream.js";

export interface Ask {
  request: HttpRequest;
  /** JSON. */
  body?: string | undefined;
  maxRetries: number;
}

const scoredSolutions = z.object({ results: z.array(scoredSolution) });
const modelList = z.object({ data: z.array(z.looseObject({ id: z.string(), kind: z.string() })) });

function answerOf({ request, body, maxRetries }: Ask): Promise<unknown> {
  const once = async () => jsonAnswer(await exchange(request, (sending) => sending.end(body)), request);
  return withRetries(once, maxRetries, request.signal);
}

export async function askScore(ask: Ask): Promise<ScoredSolution> {
  return expectAnswer(scoredSolution, await answerOf(ask), "scores");
}

export async function askScores(ask: Ask): Promise<ScoredSolution[]> {
  return expectAnswer(scoredSolutions, await answerOf(ask), "scores").results;
}

export async function askGrade(ask: Ask): Promise<Grade> {
  return expectAnswer(gradeResponse, await answerOf(ask), "a grade");
}

export async function askModels(ask: Ask) {
  return expectAnswer(modelList, await answerOf(ask), "a list of models").data;
}
