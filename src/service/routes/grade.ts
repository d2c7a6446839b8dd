/** `POST /v1/grade`: is the final answer of a solution the reference answer? */
import { z } from "zod";
import { extractAnswer } from "../../grading/extract.js";
import { isEqual } from "../../stages/outcomes.js";
import type { Routes } from "../context.js";
import { requestError } from "../http-status.js";
import { type Grade, gradeResponse } from "./grade-schema.js";

export const gradeRoutes: Routes = async (app, { context: { limits, grader } }) => {
  const text = z.string().max(limits.maxCharacters, `Expected at most ${limits.maxCharacters} characters`);
  const body = z.object({
    answer: text.describe("The reference answer"),
    solution: text.optional().describe("A whole solution, whose final answer is looked for"),
    finalAnswer: text.optional().describe("Or the final answer itself"),
  });
  const schema = {
    summary: "The outcome of a solution",
    tags: ["grading"],
    body,
    response: { 200: gradeResponse },
  };

  app.post("/v1/grade", { schema }, async ({ body: { answer, solution, finalAnswer } }): Promise<Grade> => {
    if ((solution === undefined) === (finalAnswer === undefined)) {
      throw requestError(422, "solution: Expected either solution or finalAnswer", { field: "solution" });
    }
    const found = solution === undefined ? finalAnswer : extractAnswer(solution);
    if (found === undefined) return { outcome: 0, finalAnswer: null, method: "no-answer" };
    let method = "";
    // As the stages grade: what a machine that stood still did not decide is tried again.
    const noting = {
      grade: async (candidate: string, reference: string) => {
        const verdict = await grader.grade(candidate, reference);
        method = verdict.method;
        return verdict;
      },
    };
    const correct = await isEqual(noting, found, answer);
    return { outcome: correct ? 1 : 0, finalAnswer: found, method };
  });
};
