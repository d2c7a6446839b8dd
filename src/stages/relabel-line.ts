/**
 * One label record as a line of JSON to one with other labels: what `relabelStage` yields, in the same bytes as `JSON.stringify`
 * would give. Most of a record is labels, and what they must be follows from the counts: where a line ends in exactly the text
 * that its counts give (as the lines of a run do), that text is compared instead of parsed.
 */
import type { Place } from "../data/data-error.js";
import { Fields } from "../data/fields.js";
import { LabelText } from "../data/label-text.js";
import { parseJson } from "../data/read-records.js";
import { type Measurement, parseLabelRecord, parseMeasurement } from "../data/read-solutions.js";
import { plugIn } from "../data/step-labels.js";
import type { Estimator, LabelRecord } from "../types.js";
import { labelNames } from "./label-names.js";
import { expectCounts, type RelabelOptions } from "./relabel.js";

/** What a record has beside its measurement and labels. */
type Rest = Pick<LabelRecord, "allocation" | "origin" | "estimator">;

interface ParsedLine {
  measurement: Measurement;
  rest: Rest;
  hadErrors: boolean;
}

/** How the lines of a file end: what was learned from one of them. */
interface Ending {
  key: string;
  own: LabelText;
  rest: Rest;
  /** What follows the labels and standard errors, up to the line's end. */
  text: string;
}

/** Where the steps end and the labels begin. In valid JSON no string can hold it: the quotes would be escaped. */
const border = '],"labels":{';
const restNames = ["labels", "standardErrors", "allocation", "estimator", "origin"];
/** So many lines more than those that ended as expected may end otherwise before comparing is given up. */
const patience = 16;

export class RelabelLine {
  readonly names: readonly string[];
  readonly #estimator: Estimator | undefined;
  /** By estimator, as JSON. */
  readonly #texts = new Map<string, LabelText>();
  #last: { estimator: Estimator; text: LabelText } | undefined;
  #ending: Ending | undefined;
  #misses = 0;

  /** @throws ERPRM_INVALID_ARGUMENT as `relabelStage` */
  constructor({ etas, estimator }: RelabelOptions) {
    this.names = labelNames(etas);
    this.#estimator = estimator;
  }

  /** `text` is one line. @throws ERPRM_INVALID_DATA {file, line, field} as `readLabels` and `relabelStage` */
  ofText(text: string, place: Place): { text: string; measurement: Measurement; own: LabelText } {
    return this.#write(this.#compare(text, place) ?? this.#parse(parseJson(text, place), place));
  }

  /** As `ofText`, of a line that was parsed. */
  ofValue(value: unknown, place: Place): { text: string; measurement: Measurement; own: LabelText } {
    return this.#write(this.#parse(value, place));
  }

  /** Undefined for a line that does not end as its counts and the lines before say, or has an error: it is parsed whole. */
  #compare(text: string, place: Place): ParsedLine | undefined {
    const ending = this.#ending;
    if (ending === undefined || this.#misses > patience) return undefined;
    const at = text.indexOf(border) + 1;
    if (at === 0) return undefined;
    this.#misses += 1;
    try {
      const fields = new Fields(JSON.parse(`${text.slice(0, at)}}`), place);
      if (restNames.some((name) => fields.has(name))) return undefined;
      const measurement = parseMeasurement(fields);
      const { labels, standardErrors } = ending.own.write(measurement.steps);
      if (text.slice(at) !== `,"labels":${labels},"standardErrors":${standardErrors}${ending.text}`) return undefined;
      this.#misses -= 2;
      return { measurement, rest: ending.rest, hadErrors: true };
    } catch {
      // Parsed whole, the line says what is wrong with it.
      return undefined;
    }
  }

  #parse(value: unknown, place: Place): ParsedLine {
    const record = parseLabelRecord(value, place);
    const { labels, standardErrors, allocation, origin, estimator, ...measurement } = record;
    const rest: Rest = {
      ...(allocation && { allocation }),
      ...(origin && { origin }),
      ...(estimator && { estimator }),
    };
    if (!origin && standardErrors) this.#learn(Object.keys(labels), rest, value as Record<string, unknown>);
    return { measurement, rest, hadErrors: standardErrors !== undefined };
  }

  #learn(names: readonly string[], rest: Rest, value: Record<string, unknown>): void {
    const written = Object.entries(value).filter(([name]) => name === "allocation" || name === "estimator");
    const text = written.length === 0 ? "}" : `,${JSON.stringify(Object.fromEntries(written)).slice(1)}`;
    const key = JSON.stringify([names, text]);
    if (this.#ending?.key === key) return;
    this.#ending = { key, own: new LabelText(names, rest.estimator ?? plugIn), rest, text };
  }

  #write({ measurement, rest, hadErrors }: ParsedLine): { text: string; measurement: Measurement; own: LabelText } {
    expectCounts(measurement);
    const wanted = this.#estimator ?? rest.estimator ?? plugIn;
    const own = this.#textOf(wanted);
    const { labels, standardErrors } = own.write(measurement.steps);
    const errors = `,"standardErrors":${standardErrors}`;
    // In the order in which `relabelStage` puts them.
    let text = `${JSON.stringify(measurement).slice(0, -1)},"labels":${labels}`;
    if (hadErrors) text += errors;
    if (rest.allocation) text += `,"allocation":${JSON.stringify(rest.allocation)}`;
    if (rest.origin) text += `,"origin":${JSON.stringify(rest.origin)}`;
    if (!hadErrors) text += errors;
    if (wanted.kind !== "plug-in") text += `,"estimator":${JSON.stringify(wanted)}`;
    return { text: `${text}}`, measurement, own };
  }

  #textOf(estimator: Estimator): LabelText {
    // Nearly always the one of the line before.
    if (estimator === this.#last?.estimator) return this.#last.text;
    const key = JSON.stringify(estimator);
    const text = this.#texts.get(key) ?? new LabelText(this.names, estimator);
    this.#texts.set(key, text);
    this.#last = { estimator, text };
    return text;
  }
}
