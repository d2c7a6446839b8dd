/** `erprm report`: its options. What it does is in run-report.ts. */
import type { Command } from "commander";
import { maxInteger } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions } from "../stage-options.js";

export const reportOptions = [
  {
    name: "run",
    kind: { type: "texts" },
    argument: "DIR",
    help: "a run directory, whatever its stage (required); may be repeated: runs that belong together share a report",
  },
  {
    name: "out",
    kind: { type: "text" },
    argument: "FILE.html",
    help: "the page",
    defaultText: "report.html in the first run directory",
  },
  {
    name: "title",
    kind: { type: "text" },
    argument: "TEXT",
    help: "heading of the page",
    defaultText: "the runs' names",
  },
  {
    name: "max-solutions",
    kind: { type: "integer", low: 1, high: maxInteger },
    argument: "N",
    help: "most solutions that can be stepped through; distributions are over all",
    default: 500,
  },
  {
    name: "force",
    kind: { type: "switch" },
    help: "replace the file even if it is no report of erprm",
    default: false,
  },
  ...commonOptions,
] as const;

export function reportCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "report",
      summary: "show runs as one HTML page: curves, calibration, rounds, and every step of the solutions",
      details: `What the page shows depends on what the runs hold: evaluations, labels, scores, trainings, fine-tunings; several
fine-tunings of one policy are compared, here and on the page. A run's inputs are read too where they are still what
they were, so the report of a score run has the texts that were scored. The page is one file and needs no network.

Examples:
  erprm report --run runs/evaluation
  erprm report --run runs/labels --run runs/prm --run runs/scores --out study.html`,
    },
    reportOptions,
    async () => (await import("../run-report.js")).runReport,
    surroundings,
  );
}
