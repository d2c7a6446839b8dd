/**
 * What `erprm demo` does: the commands of plan.ts one after the other, in this process. They write the run directories
 * that they always write, so an interrupted demo goes on where it was.
 */
import { join } from "node:path";
import { manifestName, readManifest } from "../../data/manifest.js";
import { RunDirectory } from "../../data/run-directory.js";
import { ErprmError } from "../../errors.js";
import type { demoOptions } from "../commands/demo.js";
import { packageBuild } from "../package-build.js";
import { programFor } from "../program.js";
import { mayReplace } from "../run-report.js";
import type { Run, Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import { commandLine } from "./command-line.js";
import { type DemoPart, demoFiles, demoPlan, demoReport, demoSizes } from "./plan.js";
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

/** To a thousandth. */
const secondsSince = (startedAt: number) => Math.round(performance.now() - startedAt) / 1000;

const columns = () => process.stdout.columns ?? 100;

/**
 * Whether the part's directory holds a run from before this demo was begun: a demo that starts over starts that over too, once,
 * so that an interrupted one goes on where it was.
 */
async function isOutdated({ run }: DemoPart, demo: RunDirectory): Promise<boolean> {
  if (run === undefined || demo.manifest.freeOptions.startedOver !== true) return false;
  const found = await readManifest(join(run, manifestName));
  return found !== undefined && found.startedAt < demo.manifest.startedAt;
}

/** The same command with --force would start over once more. */
function interrupted(out: string, force: boolean, cause?: ErprmError): ErprmError {
  const how = force ? "the same command without --force" : "the same command";
  return new ErprmError("ERPRM_ABORTED", `Interrupted; ${how} goes on in ${out}`, { path: out }, cause);
}

/** Said before anything is computed. @throws ERPRM_RUN_CONFLICT for a page that is none of ours */
async function expectReplaceable(report: string): Promise<void> {
  if (await mayReplace(report)) return;
  const message = `Expected ${report} to be a report of erprm, or not there, found something else; move it away, or choose another directory`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path: report });
}

export const runDemo: Run<typeof demoOptions> = async (values, _given, surroundings) => {
  const { policy, out, seed, threads, force, json, quiet } = values;
  const { signal, stdout } = surroundings;
  const startedAt = performance.now();
  const report = join(out, demoReport);
  const sizes = { ...demoSizes, numProblems: values.numProblems, numTestProblems: values.numTestProblems };
  const common = threads === undefined ? [] : ["--threads", String(threads)];
  const plan = demoPlan({ policy, out, seed, sizes, common });
  const description = {
    stage: "demo",
    options: { ...sizes },
    // Which policy it is, its runs know better: by its fingerprint.
    freeOptions: { policy, threads, ...(force && { startedOver: true }) },
    seed,
    inputs: {},
    build: packageBuild(),
    outputs: demoFiles,
  };
  const demo = await RunDirectory.open(out, description, { force });
  const shown: string[] = [];
  try {
    await expectReplaceable(report);
    for (const [i, part] of plan.entries()) {
      if (signal.aborted) throw interrupted(out, force);
      const args = [...part.args, ...((await isOutdated(part, demo)) ? ["--force"] : [])];
      note(`${i + 1} of ${plan.length}: ${part.title}\n  ${commandLine(args)}`, values, surroundings);
      const printed = await runPart([...args, ...(quiet ? ["--quiet"] : [])], surroundings).catch((error: unknown) => {
        // The part speaks of its own command.
        throw error instanceof ErprmError && error.code === "ERPRM_ABORTED" ? interrupted(out, force, error) : error;
      });
      if (part.shows) shown.push(printed);
    }
    if (!demo.complete) await demo.finish({ parts: plan.length }, { run: secondsSince(startedAt) });
  } finally {
    await demo.close();
  }
  const figures = await demoFigures(out);
  const seconds = secondsSince(startedAt);
  if (!json) {
    const style = { colour: stdout.isTTY === true && !process.env.NO_COLOR, width: Math.min(columns(), 130) };
    const example = await labelledExample(join(out, "labels", "labels.jsonl"), style);
    stdout.write(`\n${[example, ...shown].join("\n")}\nThe report is ${report}: open it in a browser.\n`);
  }
  stdout.write(`${JSON.stringify({ stage: "demo", out, report, seconds, ...figures })}\n`);
};
