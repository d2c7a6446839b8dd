/** A report of runs as one HTML file. */
import { replaceFile } from "../data/atomic-file.js";
import type { FinetuningComparison } from "../evaluation/compare-finetunings.js";
import { clientScript, typesetterScript } from "./client-script.js";
import { type CollectOptions, collectReport } from "./collect.js";
import { page, sectionsOf } from "./page/page.js";
import type { ReportData } from "./report-data.js";
import { hasMathematics } from "./split-mathematics.js";

export interface ReportOptions extends CollectOptions {
  /** The file; another one in its place is replaced. */
  out: string;
  /** Of the program that writes it, for the foot of the page. */
  version?: string | undefined;
}

export interface WrittenReport {
  path: string;
  bytes: number;
  /** Titles of the page's sections. */
  sections: string[];
  /** Solutions of the runs, and those that can be stepped through. */
  numSolutions: number;
  numShown: number;
  /** Inputs that are not what they were, and the like. */
  notes: string[];
  /** Of several fine-tunings that can be compared. */
  finetuningComparison?: FinetuningComparison;
}

/**
 * Writes a page that needs nothing else: no network, no fonts, no other file. The numbers on it are those of the JSON in it.
 * @throws as `collectReport`; ERPRM_IO {path}
 */
export async function writeReport(options: ReportOptions): Promise<WrittenReport> {
  const data = await collectReport(options);
  const script = await clientScript();
  const typesetter = needsTypesetter(data) ? await typesetterScript() : undefined;
  const bytes = Buffer.from(page({ data, typesetter, script, version: options.version }));
  await replaceFile(options.out, (handle) => handle.writeFile(bytes));
  return {
    path: options.out,
    bytes: bytes.length,
    sections: sectionsOf(data).map(({ title }) => title),
    numSolutions: data.inspection.numSolutions,
    numShown: data.inspection.solutions.length,
    notes: data.notes,
    ...(data.finetuningComparison && { finetuningComparison: data.finetuningComparison }),
  };
}

/** Most texts have no mathematics, and Temml is larger than the rest of the page. */
function needsTypesetter({ inspection }: ReportData): boolean {
  return inspection.solutions.some(({ question, answer = "", finalAnswer = "", steps }) => {
    const texts = steps.flatMap(({ text, completions }) => [
      text,
      ...(completions?.shown ?? []).map((one) => one.text),
    ]);
    return [question, answer, finalAnswer, ...texts].some(hasMathematics);
  });
}
