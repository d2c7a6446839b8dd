/**
 * A command made from its option list: parses, merges flags over the configuration file over defaults, runs. What a run
 * needs of the outside world comes in through `Surroundings`, so that tests can run a command with another policy.
 */
import { Command } from "commander";
import { commanderOption, type OptionSpec, type OptionValues } from "./option.js";

/** What was set where, for checks that go across options. */
export interface Given {
  /** Names (kebab-case) of the options on the command line. */
  flags: ReadonlySet<string>;
  /** Names of the options that flags or the configuration file set. */
  options: ReadonlySet<string>;
  /** What stands on the command line without a flag, of commands that take such. */
  operands: readonly string[];
}

export interface Surroundings {
  /** Fires on SIGINT, on SIGTERM, and when the npx that started this process is gone. */
  signal: AbortSignal;
  /** Fires when nobody reads standard output any more. */
  readerGone: AbortSignal;
  stdout: { write(text: string): unknown; isTTY?: boolean; once?(event: "drain", listener: () => void): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
}

export type Run<Specs extends readonly OptionSpec[]> = (
  values: OptionValues<Specs>,
  given: Given,
  surroundings: Surroundings,
) => Promise<void>;

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Flags over configuration over defaults. @throws as `readConfig` */
export async function resolveOptions<Specs extends readonly OptionSpec[]>(
  specs: Specs,
  flags: Record<string, unknown>,
  operands: readonly string[] = [],
): Promise<{ values: OptionValues<Specs>; given: Given }> {
  const file = flags.config;
  const config =
    typeof file === "string" ? await (await import("./config.js")).readConfig(file, specs) : new Map<string, unknown>();
  const values: Record<string, unknown> = {};
  const given = { flags: new Set<string>(), options: new Set<string>(), operands };
  for (const spec of specs) {
    const key = camelCase(spec.name);
    const flag = flags[key];
    if (flag !== undefined) given.flags.add(spec.name);
    if (flag !== undefined || config.has(spec.name)) given.options.add(spec.name);
    values[key] = flag ?? config.get(spec.name) ?? spec.default;
  }
  return { values: values as OptionValues<Specs>, given };
}

/** `load` imports the code that does the work, which is loaded only when the command runs. */
export function stageCommand<const Specs extends readonly OptionSpec[]>(
  description: { name: string; summary: string; details?: string; operands?: { name: string; help: string } },
  specs: Specs,
  load: () => Promise<Run<Specs>>,
  surroundings: Surroundings,
): Command {
  const command = new Command(description.name).description(description.summary).summary(description.summary);
  const { operands } = description;
  if (operands) command.argument(`<${operands.name}...>`, operands.help);
  for (const spec of specs) command.addOption(commanderOption(spec));
  if (description.details) command.addHelpText("after", `\n${description.details}`);
  return command.action(async () => {
    const { values, given } = await resolveOptions(specs, command.opts(), command.args);
    const run = await load();
    await run(values, given, surroundings);
  });
}
