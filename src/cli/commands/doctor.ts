/** `erprm doctor`: what was found, what is missing, and how to mend it. */
import { Command } from "commander";
import type { DoctorReport, Finding } from "../doctor/finding.js";
import { runDoctor } from "../doctor/run-doctor.js";

export type { DoctorReport, Finding, FindingState } from "../doctor/finding.js";
export { runDoctor } from "../doctor/run-doctor.js";

const marks = { ok: "ok", warning: "!", error: "X" } as const;

function formatFinding({ name, state, message, remedy }: Finding, width: number): string {
  const indent = " ".repeat(width + 6);
  const lines = [`${marks[state].padEnd(4)}${name.padEnd(width)}  ${message.replaceAll("\n", `\n${indent}`)}`];
  if (remedy !== undefined) lines.push(`${indent}mend: ${remedy}`);
  return lines.join("\n");
}

/** The report for people. */
export function formatReport({ ok, findings }: DoctorReport): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map((finding) => formatFinding(finding, width));
  return `${lines.join("\n")}\n\n${ok ? "erprm can run here." : "erprm cannot run here yet: see the lines marked X."}\n`;
}

/** The subcommand. Its exit code is 3 when something that erprm needs is missing. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("what this machine and this build can do, what is missing, and how to mend it")
    .option("--json", "print the report as one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      const report = await runDoctor();
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : formatReport(report));
      if (!report.ok) process.exitCode = 3;
    });
}
