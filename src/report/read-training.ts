/** The curves of training.jsonl: the fields that are drawn, and no more updates than a picture can show. */
import { Fields } from "../data/fields.js";
import { readRecords } from "../data/read-records.js";
import {
  type CurveHeldOut,
  type CurveMeasure,
  type CurveUpdate,
  curveMeasures,
  type Training,
} from "./training-curves.js";

const mostUpdates = 1000;

/** @throws ERPRM_INVALID_DATA {file, line, field}; as `readRecords` */
export async function readTraining(
  path: string,
): Promise<Pick<Training, "numUpdates" | "every" | "updates" | "heldOut">> {
  const updates: CurveUpdate[] = [];
  const heldOut: CurveHeldOut[] = [];
  for await (const { value, file, line } of readRecords(path)) {
    const fields = new Fields(value, { file, line });
    if (fields.oneOf("kind", ["update", "held-out"] as const) === "update") updates.push(parseUpdate(fields));
    else heldOut.push(parseHeldOut(fields));
  }
  const every = Math.max(1, Math.ceil(updates.length / mostUpdates));
  const isKept = (i: number) => i % every === 0 || i === updates.length - 1;
  return { numUpdates: updates.length, every, updates: updates.filter((_, i) => isKept(i)), heldOut };
}

function parseUpdate(fields: Fields): CurveUpdate {
  return {
    updateIndex: fields.integer("updateIndex"),
    loss: fields.number("loss"),
    learningRate: fields.number("learningRate"),
    gradientNorm: fields.number("gradientNorm"),
  };
}

function parseHeldOut(fields: Fields): CurveHeldOut {
  const held: CurveHeldOut = {
    updateIndex: fields.integer("updateIndex"),
    loss: fields.number("loss"),
    positions: fields.integer("positions"),
  };
  if (!fields.has("measures")) return held;
  const measures = fields.object("measures");
  const values = curveMeasures.map((name) => [name, measures.has(name) ? measures.number(name) : null] as const);
  return { ...held, measures: Object.fromEntries(values) as Record<CurveMeasure, number | null> };
}
