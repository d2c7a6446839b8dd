/** evaluation.json and finetune.json, for whoever shows or compares them. They are read whole, as they are. */
import { readFile } from "node:fs/promises";
import { dataError, shown } from "../data/data-error.js";
import { Fields } from "../data/fields.js";
import { ioError } from "../data/io-error.js";
import { parseJson } from "../data/read-records.js";
import type { Evaluation } from "./evaluation.js";
import { type Finetuning, trainingSelections } from "./finetuning.js";

/** @throws ERPRM_INVALID_DATA {file, line} for another version or missing parts; ERPRM_NOT_FOUND, ERPRM_IO */
export async function readEvaluation(path: string): Promise<Evaluation> {
  const fields = await readVersioned(path, "evaluation");
  for (const name of ["numCandidates", "models", "methods", "comparisons", "calibration", "firstErrors", "lengths"]) {
    fields.array(name);
  }
  const evaluation = fields.record as unknown as Evaluation;
  // Evaluations of the first builds have none.
  return { ...evaluation, discriminations: evaluation.discriminations ?? [] };
}

/** @throws as `readEvaluation` */
export async function readFinetuningFile(path: string): Promise<Finetuning> {
  const fields = await readVersioned(path, "fine-tuning");
  fields.oneOf("selection", trainingSelections);
  fields.object("policyModel").text("fingerprint");
  for (const name of ["numRounds", "numSolutions"]) fields.integer(name, 1);
  fields.integer("seed", 0, Number.MAX_SAFE_INTEGER);
  for (const policy of [fields.object("start"), ...fields.objects("rounds").map(policyOf)]) {
    for (const name of ["accuracy", "divergence"]) policy.object(name);
    policy.number("meanTokens");
  }
  return fields.record as unknown as Finetuning;
}

function policyOf(round: Fields): Fields {
  round.integer("roundIndex", 1);
  return round.object("policy");
}

async function readVersioned(path: string, what: string): Promise<Fields> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw ioError(error, path, "read");
  }
  const place = { file: path, line: 1 };
  const fields = new Fields(parseJson(text, place), place);
  const version = fields.value("version");
  if (version !== 1) {
    throw dataError(`Expected version 1 of the ${what}, received ${shown(version)}`, place, "version");
  }
  return fields;
}
