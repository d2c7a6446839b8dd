/**
 * What `erprm demo` does: the commands of plan.ts one after the other, in this process. They write the run directories
 * that they always write, so an interrupted demo goes on where it was.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ioError } from "../../data/io-error.js";
import { ErprmError } from "../../errors.js";
import type { demoOptions } from "../commands/demo.js";
import { programFor } from "../program.js";
import type { Run, Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import { type DemoPart, demoPlan, demoSizes } from "./plan.js";
import { demoFigures, labelledExample } from "./results.js";

/** Runs one command of the program and returns what it printed. @throws what the command throws */
async function runPart(args: readonly string[], surroundings: Surroundings): Promise<string> {
  let printed = "";
  const stdout = {
    isTTY: surroundings.stdout.isTTY === true,
    write: (text: string) => {
      printed += text;
      return true;
    },
  };
  const program = await programFor(args, { ...surroundings, stdout });
  await program.parseAsync(args, { from: "user" });
  return printed;
}

/** @throws ERPRM_IO */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw ioError(error, path, "write");
  }
}

const columns = () => process.stdout.columns ?? 100;

function commandLine({ args }: DemoPart): string {
  return ["erprm", ...args].join(" ");
}

export const runDemo: Run<typeof demoOptions> = async (values, _given, surroundings) => {
  const { policy, out, seed, threads, json, quiet } = values;
  const { signal, stdout } = surroundings;
  const startedAt = performance.now();
  const sizes = { ...demoSizes, numProblems: values.numProblems, numTestProblems: values.numTestProblems };
  const common = threads === undefined ? [] : ["--threads", String(threads)];
  const plan = demoPlan({ policy, out, seed, sizes, common });
  await makeDirectory(out);
  const shown: string[] = [];
  for (const [i, part] of plan.entries()) {
    if (signal.aborted) throw new ErprmError("ERPRM_ABORTED", `Interrupted; the same command goes on in ${out}`);
    note(`${i + 1} of ${plan.length}: ${part.title}\n  ${commandLine(part)}`, values, surroundings);
    const printed = await runPart([...part.args, ...(quiet ? ["--quiet"] : [])], surroundings);
    if (part.shows) shown.push(printed);
  }
  const figures = await demoFigures(out);
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  const report = join(out, "report.html");
  if (!json) {
    const style = { colour: stdout.isTTY === true && !process.env.NO_COLOR, width: Math.min(columns(), 130) };
    const example = await labelledExample(join(out, "labels", "labels.jsonl"), style);
    stdout.write(`\n${[example, ...shown].join("\n")}\nThe report is ${report}: open it in a browser.\n`);
  }
  stdout.write(`${JSON.stringify({ stage: "demo", out, report, seconds, ...figures })}\n`);
};
