import type { Method } from "../../evaluation/evaluation.js";

/** `best-of-n er min`: the rule, the model and its aggregate. */
export function methodName({ rule, model, aggregate }: Method): string {
  return [rule, model, aggregate].filter((part) => part !== undefined).join(" ");
}
