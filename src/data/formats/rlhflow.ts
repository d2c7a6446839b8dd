/**
 * RLHFlow: a chat in which the user says one step a turn, the question and a space before the first, and the assistant
 * answers + or -.
 */
import { failField } from "../data-error.js";
import type { Fields } from "../fields.js";
import { type Format, joinable, outcomeOfLast, trimmedSteps, usualLosses } from "./format.js";
import { expectQuestion, joinQuestion } from "./question-border.js";

export const rlhflow: Format = {
  name: "rlhflow",
  labels: "binary",
  importedLabel: "hard",
  cannotHold: usualLosses,

  read(fields, losses) {
    const turns = fields.objects("conversations");
    if (turns.length === 0 || turns.length % 2 !== 0)
      fields.fail("conversations", "pairs of a user's and an assistant's turn");
    const texts = turns.filter((_, i) => i % 2 === 0).map((turn) => contentOf(turn, "user"));
    const values = turns.filter((_, i) => i % 2 === 1).map((turn) => signOf(turn));
    const { question, firstStep } = expectQuestion(fields, "conversations[0].content", texts[0] as string, losses);
    const steps = joinable([firstStep, ...texts.slice(1)]);
    return [{ question, steps, values, ...outcomeOfLast(values), extra: fields.rest(["conversations"]) }];
  },

  write({ record, values, extra }, losses) {
    const [firstStep = "", ...others] = trimmedSteps(record.steps, losses);
    const texts = [joinQuestion(record.question, firstStep, losses), ...others];
    const conversations = texts.flatMap((content, i) => [
      { role: "user", content },
      { role: "assistant", content: values[i] === 1 ? "+" : "-" },
    ]);
    return { conversations, ...extra };
  },
};

function contentOf(turn: Fields, role: string): string {
  turn.oneOf("role", [role]);
  return turn.text("content");
}

function signOf(turn: Fields): number {
  const sign = contentOf(turn, "assistant").trim();
  if (sign !== "+" && sign !== "-") failField("an assistant's content", '"+" or "-"', sign, turn.place);
  return sign === "+" ? 1 : 0;
}
