/** The formats of the field by name. */
import { expectOneOf } from "../../check.js";
import { erPrm } from "./er-prm.js";
import type { Format } from "./format.js";
import { mathShepherd } from "./math-shepherd.js";
import { openr } from "./openr.js";
import { prm800k } from "./prm800k.js";
import { processbench } from "./processbench.js";
import { rlhflow } from "./rlhflow.js";
import { trl } from "./trl.js";

export const formatNames = ["math-shepherd", "er-prm", "prm800k", "trl", "rlhflow", "processbench", "openr"] as const;
export type FormatName = (typeof formatNames)[number];

const formats: Record<FormatName, Format> = {
  "math-shepherd": mathShepherd,
  "er-prm": erPrm,
  prm800k,
  trl,
  rlhflow,
  processbench,
  openr,
};

/** @throws ERPRM_INVALID_ARGUMENT for a name that is none of `formatNames`. */
export function formatOf(name: string): Format {
  return formats[expectOneOf("format", name, formatNames)];
}

/** What no record of ours can bring into the format, as noun phrases. @throws as `formatOf` */
export function lossesOf(name: string): readonly string[] {
  return formatOf(name).cannotHold;
}
