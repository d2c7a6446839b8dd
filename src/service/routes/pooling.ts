/**
 * `POST /pooling` and `POST /classify`, as clients of reward models speak to vLLM: text that they rendered themselves, the
 * model's step tag after every step (or messages, or tokens); probabilities of two classes back.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { aggregate } from "../../data/selection.js";
import type { Convention } from "../../reward/convention.js";
import type { EncodedSteps } from "../../reward/encode-steps.js";
import type { RewardModel } from "../../reward/reward-model.js";
import { answerSignal } from "../client-gone.js";
import type { Routes } from "../context.js";
import { requestError } from "../http-status.js";
import type { ServiceLimits } from "../limits.js";
import { Pauses } from "../scoring/pauses.js";
import { atField } from "../scoring/score-solution.js";

const usage = z.object({
  prompt_tokens: z.int(),
  total_tokens: z.int(),
  completion_tokens: z.int(),
  prompt_tokens_details: z.null(),
});
const common = { id: z.string(), object: z.literal("list"), created: z.int(), model: z.string(), usage };
const pair = z.array(z.number()).describe("Two probabilities that sum to 1");

const poolingResponse = z.object({
  ...common,
  data: z.array(z.object({ index: z.int(), object: z.literal("pooling"), data: z.array(pair) })),
});
const classifyResponse = z.object({
  ...common,
  data: z.array(z.object({ index: z.int(), label: z.string(), probs: pair, num_classes: z.literal(2) })),
});

const part = z.object({ type: z.literal("text"), text: z.string() });
const message = z.object({
  role: z.enum(["system", "user", "assistant"]),
  content: z.union([z.string(), z.array(part)]),
});

function requestSchema({ maxItems, maxCharacters, maxSteps }: ServiceLimits) {
  const text = z.string().max(maxCharacters, `Expected at most ${maxCharacters} characters`);
  const tokens = z.array(z.int().min(0)).max(maxCharacters, `Expected at most ${maxCharacters} tokens`);
  const some = <T extends z.ZodType>(one: T) =>
    z.array(one).min(1).max(maxItems, `Expected at most ${maxItems} inputs`);
  return z.object({
    model: z.string().max(1000).optional(),
    input: z
      .union([text, tokens, some(text), some(tokens)])
      .optional()
      .describe("Rendered text with the step tag after every step, or its tokens; one or some"),
    messages: z
      .array(message)
      .min(1)
      .max(2 * maxSteps)
      .optional()
      .describe("Or a conversation, which the model's chat template renders"),
    add_generation_prompt: z.boolean().default(false),
    encoding_format: z.literal("float", "Expected float").default("float"),
  });
}
type PoolingRequest = z.infer<ReturnType<typeof requestSchema>>;

/** Texts, or tokens, each with its place in the request. */
function inputsOf({ input, messages, add_generation_prompt }: PoolingRequest, rewardModel: RewardModel) {
  if ((input === undefined) === (messages === undefined)) {
    throw requestError(422, "input: Expected either input or messages", { field: "input" });
  }
  if (messages !== undefined) {
    const turns = messages.map(({ role, content }) => ({
      role,
      content: typeof content === "string" ? content : content.map(({ text }) => text).join(""),
    }));
    try {
      const options = { addGenerationPrompt: add_generation_prompt };
      return [{ place: "messages", text: rewardModel.text.tokenizer.applyChatTemplate(turns, options) }];
    } catch (error) {
      throw atField(error, "messages");
    }
  }
  const isOne = typeof input === "string" || typeof input?.[0] === "number";
  const all = (isOne ? [input] : input) as (string | number[])[];
  return all.map((one, i) => ({
    place: isOne ? "input" : `input[${i}]`,
    text: typeof one === "string" ? one : Int32Array.from(one),
  }));
}

async function encodeAll(body: PoolingRequest, rewardModel: RewardModel): Promise<EncodedSteps[]> {
  const encoded: EncodedSteps[] = [];
  const pauses = new Pauses();
  for (const { place, text } of inputsOf(body, rewardModel)) {
    try {
      encoded.push(rewardModel.encodeTagged(text));
    } catch (error) {
      throw atField(error, place);
    }
    await pauses.after(text.length);
  }
  return encoded;
}

/** In the order of the model's classes; of two candidate tokens the positive one is first, as they are usually listed. */
function probabilities(score: number, convention: Convention): [number, number] {
  const isFirst = convention.kind !== "classification" || convention.positiveClass === 0;
  return isFirst ? [score, 1 - score] : [1 - score, score];
}

export const poolingRoutes: Routes = async (app, { context }) => {
  const { models, limits, scorers } = context;
  const body = requestSchema(limits);

  const score = async (request: PoolingRequest, client: string, signal: AbortSignal) => {
    const model = models.find("reward-model", request.model);
    const { encoded, config } = await model.use(
      async (rewardModel) => ({ encoded: await encodeAll(request, rewardModel), config: rewardModel.config }),
      signal,
    );
    const scores = await scorers.of(model).submit(client, encoded, signal);
    const numTokens = encoded.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    const head = {
      object: "list" as const,
      created: Math.floor(Date.now() / 1000),
      model: model.name,
      usage: { prompt_tokens: numTokens, total_tokens: numTokens, completion_tokens: 0, prompt_tokens_details: null },
    };
    return { head, scores, config };
  };

  app.post(
    "/pooling",
    {
      schema: {
        summary: "Step scores of rendered text, in the form of vLLM",
        description: "For every input two probabilities a step tag, in the order of the model's classes.",
        tags: ["scores"],
        body,
        response: { 200: poolingResponse },
      },
    },
    async (request, reply) => {
      const { head, scores, config } = await score(request.body, request.client, answerSignal(reply, context));
      const data = scores.map((stepScores, index) => ({
        ...{ index, object: "pooling" as const },
        data: stepScores.map((one) => probabilities(one, config.convention)),
      }));
      return { id: `pool-${randomUUID()}`, ...head, data };
    },
  );

  app.post(
    "/classify",
    {
      schema: {
        summary: "Scores of whole solutions, in the form of vLLM",
        description:
          "For every input the probabilities of the two classes: the model's own aggregate of its step scores, of an outcome reward model its last one.",
        tags: ["scores"],
        body,
        response: { 200: classifyResponse },
      },
    },
    async (request, reply) => {
      const { head, scores, config } = await score(request.body, request.client, answerSignal(reply, context));
      const how = config.kind === "outcome" ? "last" : config.aggregate;
      const data = scores.map((stepScores, index) => {
        const whole = aggregate(stepScores, how);
        const label = whole >= 0.5 ? "correct" : "wrong";
        return { index, label, probs: probabilities(whole, config.convention), num_classes: 2 as const };
      });
      return { id: `classify-${randomUUID()}`, ...head, data };
    },
  );
};
