/** TRL's stepwise supervision: `prompt`, `completions` (the steps, without separators), `labels` (true or false each). */
import { expectOneLabelEach, type Format, joinable, trimmedSteps, usualLosses } from "./format.js";

export const trl: Format = {
  name: "trl",
  labels: "binary",
  importedLabel: "hard",
  cannotHold: [...usualLosses, "outcome"],

  read(fields) {
    const steps = fields.strings("completions");
    const values = fields.array("labels").map((label) => {
      if (typeof label !== "boolean" && label !== 0 && label !== 1) fields.fail("labels", "a list of true and false");
      return Number(label);
    });
    expectOneLabelEach(fields, "labels", values.length, steps.length);
    const extra = fields.rest(["prompt", "completions", "labels"]);
    return [{ question: fields.text("prompt"), steps: joinable(steps), values, extra }];
  },

  write({ record, values, extra }, losses) {
    const completions = trimmedSteps(record.steps, losses);
    return { prompt: record.question, completions, labels: values.map((value) => value === 1), ...extra };
  },
};
