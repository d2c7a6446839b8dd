/**
 * Math-Shepherd (arXiv:2312.08935): `input` is the text with tags, `label` the same text with + or - in their place;
 * some copies add `value`, the list of signs.
 */
import type { Fields } from "../fields.js";
import { expectOneLabelEach, type Format, outcomeOfLast, usualLosses } from "./format.js";
import { joinWithTags, readTagged, stepTag, taggedPieces } from "./step-tags.js";

export const mathShepherd: Format = {
  name: "math-shepherd",
  labels: "binary",
  importedLabel: "hard",
  cannotHold: usualLosses,

  read(fields, losses) {
    const { question, steps, pieces } = readTagged(fields, "input", losses);
    const values = fields.has("label") ? signsInText(fields, pieces) : fields.array("value").map(signValue(fields));
    expectOneLabelEach(fields, fields.has("label") ? "label" : "value", values.length, steps.length);
    const hasSigns = fields.has("value");
    const extra = { ...fields.rest(["input", "label", "value"]), ...(hasSigns ? { value: true } : {}) };
    return [{ question, steps, values, ...outcomeOfLast(values), extra }];
  },

  write({ record, values, extra }, losses) {
    const pieces = taggedPieces(record.question, record.steps, losses);
    if (!pieces) return undefined;
    const signs = values.map((value) => (value === 1 ? "+" : "-"));
    const { value: hasSigns, ...rest } = extra;
    return {
      input: joinWithTags(pieces, () => stepTag),
      label: joinWithTags(pieces, (i) => signs[i] as string),
      ...rest,
      ...(hasSigns ? { value: signs } : {}),
    };
  },
};

function signValue(fields: Fields): (sign: unknown) => number {
  return (sign) => {
    if (sign !== "+" && sign !== "-") fields.fail("value", 'a list of "+" and "-"');
    return sign === "+" ? 1 : 0;
  };
}

/** The signs that stand in `label` where `input` has its tags. */
function signsInText(fields: Fields, pieces: readonly string[]): number[] {
  const text = fields.text("label");
  let at = 0;
  return pieces.map((piece) => {
    const start = text.indexOf(piece, at);
    const sign =
      start === -1 || text.slice(at, start).trim() !== ""
        ? undefined
        : /^\s*([+-])(?=\s|$)/.exec(text.slice(start + piece.length));
    if (!sign) fields.fail("label", `the text of input with + or - in the place of each ${stepTag}`);
    at = start + piece.length + sign[0].length;
    return sign[1] === "+" ? 1 : 0;
  });
}
