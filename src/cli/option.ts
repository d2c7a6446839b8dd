/**
 * What an option is: one description that the command line, the configuration file and the help text are made from.
 * Options are kebab-case outside and camelCase inside, as commander has it.
 */
import { Option } from "commander";
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import { parseByteSize } from "./byte-size.js";

export type OptionKind =
  | { type: "integer"; low: number; high: number }
  /** `openLow`: the lower bound itself is not allowed. `word`: may stand in the number's place. */
  | { type: "number"; low: number; high: number; openLow?: true; word?: string }
  /** Bytes, written like `2GiB`. */
  | { type: "bytes" }
  | { type: "text" }
  | { type: "choice"; choices: readonly string[] }
  /** Some of the choices, each once, comma-separated. */
  | { type: "choices"; choices: readonly string[] }
  /** Finite numbers, comma-separated. */
  | { type: "numbers" }
  /** The flag may be given several times. */
  | { type: "texts" }
  | { type: "switch" };

export interface OptionSpec {
  name: string;
  kind: OptionKind;
  /** Placeholder of the value in the help text. */
  argument?: string;
  help: string;
  /** Heading of the help text that the option stands under. */
  group?: string;
  /** The value when nothing is said; the help text shows it. */
  default?: unknown;
  /** What the help text says of the default instead of its value. */
  defaultText?: string;
}

export type OptionValue<K extends OptionKind> = K extends { type: "number"; word: infer W }
  ? number | W
  : K extends { type: "integer" | "number" | "bytes" }
    ? number
    : K extends { type: "numbers" }
      ? number[]
      : K extends { type: "texts" }
        ? string[]
        : K extends { type: "switch" }
          ? boolean
          : K extends { type: "choice"; choices: readonly (infer C)[] }
            ? C
            : K extends { type: "choices"; choices: readonly (infer C)[] }
              ? C[]
              : string;

type CamelCase<S extends string> = S extends `${infer Head}-${infer Rest}`
  ? `${Head}${Capitalize<CamelCase<Rest>>}`
  : S;

/** The parsed values of a list of options; those without a default may be undefined. */
export type OptionValues<Specs extends readonly OptionSpec[]> = {
  [S in Specs[number] as CamelCase<S["name"]>]: S extends { default: unknown }
    ? OptionValue<S["kind"]>
    : OptionValue<S["kind"]> | undefined;
};

/** Those of the options that have these names, in the order of the list. */
export function named<S extends OptionSpec, const N extends S["name"]>(
  specs: readonly S[],
  names: readonly N[],
): Extract<S, { name: N }>[] {
  return specs.filter((spec): spec is Extract<S, { name: N }> => (names as readonly string[]).includes(spec.name));
}

export const maxInteger = 2 ** 31 - 1;

/** "an integer from 1 to 10": completes "Expected --name to be ...". */
export function expectation(kind: OptionKind): string {
  switch (kind.type) {
    case "integer":
      return kind.high === maxInteger
        ? `an integer of at least ${kind.low}`
        : `an integer from ${kind.low} to ${kind.high}`;
    case "number":
      return `${kind.word === undefined ? "" : `${kind.word} or `}${numberExpectation(kind)}`;
    case "bytes":
      return "a size such as 512MiB or 2GiB";
    case "choice":
      return `one of ${kind.choices.join(", ")}`;
    case "choices":
      return `some of ${kind.choices.join(", ")}, separated by commas, each once`;
    case "numbers":
      return "finite numbers separated by commas";
    case "switch":
      return "true or false";
    default:
      return "text";
  }
}

function numberExpectation({ low, high, openLow }: Extract<OptionKind, { type: "number" }>): string {
  if (!Number.isFinite(high)) return openLow ? `a number above ${low}` : `a number of at least ${low}`;
  return openLow ? `a number above ${low}, at most ${high}` : `a number from ${low} to ${high}`;
}

/** True when a value that is already of the right type lies in the bounds. */
export function isInBounds(kind: OptionKind, value: unknown): boolean {
  switch (kind.type) {
    case "integer":
      return Number.isInteger(value) && (value as number) >= kind.low && (value as number) <= kind.high;
    case "number":
      if (kind.word !== undefined && value === kind.word) return true;
      return (
        Number.isFinite(value) &&
        (value as number) <= kind.high &&
        (kind.openLow ? (value as number) > kind.low : (value as number) >= kind.low)
      );
    case "bytes":
      return Number.isSafeInteger(value) && (value as number) > 0;
    case "choice":
      return kind.choices.includes(value as string);
    case "choices":
      return (
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((one, i) => kind.choices.includes(one) && value.indexOf(one) === i)
      );
    case "numbers":
      return Array.isArray(value) && value.length > 0 && value.every((one) => Number.isFinite(one));
    case "texts":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
    case "switch":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
  }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function toNumber(text: string): number {
  return decimal.test(text.trim()) ? Number(text) : Number.NaN;
}

/** Which of two values was meant, nobody can tell. They are not shown: an address may hold a password. */
function refuseSecond({ name, kind }: OptionSpec): never {
  const isList = kind.type === "numbers" || kind.type === "choices";
  const how = isList ? ": separate its values by commas" : "";
  const message = `Expected --${name} to be given once, received it twice${how}`;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name });
}

/**
 * @param previous what the same flag was given before
 * @throws ERPRM_INVALID_ARGUMENT: "Expected --name to be ..., received ...", also for a second value of a flag that has one
 */
export function parseOption(spec: OptionSpec, text: string, previous?: unknown): unknown {
  const { name, kind } = spec;
  if (previous !== undefined && kind.type !== "texts") refuseSecond(spec);
  const value = (() => {
    switch (kind.type) {
      case "integer":
        return toNumber(text);
      case "number":
        return kind.word !== undefined && text === kind.word ? text : toNumber(text);
      case "bytes":
        return parseByteSize(text);
      case "numbers":
        return text.split(",").map(toNumber);
      case "choices":
        return text.split(",").map((one) => one.trim());
      case "texts":
        return [...((previous as string[] | undefined) ?? []), text];
      default:
        return text;
    }
  })();
  return isInBounds(kind, value) ? value : failArgument(`--${name}`, expectation(kind), text);
}

/** The commander option. Defaults are shown, not set: they are filled in after the configuration file was read. */
export function commanderOption(spec: OptionSpec): Option {
  const { name, kind, argument } = spec;
  const shownDefault = spec.defaultText ?? (spec.default === undefined ? undefined : String(spec.default));
  const hasDefault = kind.type !== "switch" && shownDefault !== undefined && shownDefault !== "";
  const help = hasDefault ? `${spec.help} (default: ${shownDefault})` : spec.help;
  const flags = kind.type === "switch" ? `--${name}` : `--${name} <${argument ?? "VALUE"}>`;
  const option = new Option(flags, help).helpGroup(spec.group ?? "Options:");
  if (kind.type === "switch") return option;
  // commander hands over the previous value of a repeated flag: a list is gathered from it, all others are refused.
  return option.argParser((text: string, previous: unknown) => parseOption(spec, text, previous));
}
