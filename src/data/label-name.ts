/**
 * Names of labels: `hard`, `soft`, `er:ETA`. One eta has one name, the shortest decimal form: `er:1.0` is `er:1`.
 */
import { failArgument } from "../check.js";
import type { LabelName } from "../types.js";

export type ParsedLabelName =
  | { kind: "hard"; name: LabelName }
  | { kind: "soft"; name: LabelName }
  /** `eta` is finite; eta 0 is the soft label. */
  | { kind: "er"; name: LabelName; eta: number };

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @throws ERPRM_INVALID_ARGUMENT for other names and for an eta that is not a finite decimal number. */
export function parseLabelName(name: unknown): ParsedLabelName {
  if (name === "hard" || name === "soft") return { kind: name, name };
  const etaText = typeof name === "string" && name.startsWith("er:") ? name.slice(3) : undefined;
  if (etaText === undefined) failArgument("the label name", "hard, soft or er:ETA", name);
  const eta = decimal.test(etaText) ? Number(etaText) : Number.NaN;
  if (!Number.isFinite(eta)) failArgument("the label name", "er:ETA with a finite number ETA, for example er:2", name);
  return { kind: "er", name: erLabelName(eta), eta: eta === 0 ? 0 : eta };
}

/** The name of the entropy-regularized label with this eta. @throws ERPRM_INVALID_ARGUMENT when eta is not finite. */
export function erLabelName(eta: number): LabelName {
  if (!Number.isFinite(eta)) failArgument("eta", "a finite number", eta);
  return `er:${eta === 0 ? 0 : eta}`;
}
