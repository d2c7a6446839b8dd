/**
 * ER-PRM: `text` with a tag after each step, `value` one number a step. Which label the numbers are (which eta) the files do
 * not say; they are read as er:1, the reference implementation's default, unless the caller knows better.
 */
import { expectOneLabelEach, type Format, outcomeOfLast, usualLosses } from "./format.js";
import { joinWithTags, readTagged, stepTag, taggedPieces } from "./step-tags.js";

export const erPrm: Format = {
  name: "er-prm",
  labels: "real",
  importedLabel: "er:1",
  cannotHold: [...usualLosses, "the label's name (eta)"],

  read(fields, losses) {
    const { question, steps } = readTagged(fields, "text", losses);
    const values = fields.numbers("value", "a number from 0 to 1", (value) => value >= 0 && value <= 1);
    expectOneLabelEach(fields, "value", values.length, steps.length);
    return [{ question, steps, values, ...outcomeOfLast(values), extra: fields.rest(["text", "value"]) }];
  },

  write({ record, values, extra }, losses) {
    const pieces = taggedPieces(record.question, record.steps, losses);
    return pieces && { text: joinWithTags(pieces, () => stepTag), value: values, ...extra };
  },
};
