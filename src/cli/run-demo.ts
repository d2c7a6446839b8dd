/** What `erprm demo` does: rollout and label on problems of our own, straight through the library, nothing written. */
import { Grader } from "../grading/grader.js";
import { Policy } from "../policy/policy.js";
import { labelStage } from "../stages/label.js";
import { rolloutStage } from "../stages/rollout.js";
import { newCounts } from "../stages/stage-counts.js";
import type { LabelRecord } from "../types.js";
import type { demoOptions } from "./commands/demo.js";
import { demoPolicy, demoProblems, demoSettings } from "./demo-problems.js";
import { labelTable, type TableStyle } from "./label-table.js";
import type { OpenPolicy } from "./policy-values.js";
import { RunProgress } from "./run-progress.js";
import { Session } from "./session.js";
import type { Run, Surroundings } from "./stage-command.js";
import { summaryJson, summaryText } from "./summary.js";
import { LabelTally } from "./tally.js";
import { note } from "./with-run.js";

const explanation = `A row is a step: how many of its completions reach the right answer, and the labels that follow from that count: hard (any), soft
(the mean) and er:ETA (log-mean-exp, between the two), ± one standard error. A label that drops marks the step where it went wrong.
`;

function show(record: LabelRecord, { stdout }: Surroundings, style: TableStyle): void {
  const verdict = record.outcome === 1 ? "right" : `wrong, the answer is ${record.answer}`;
  const answer = record.finalAnswer === undefined ? "no answer" : `answer ${record.finalAnswer}`;
  if (record.index === 0) stdout.write(`\n${record.question}\n`);
  stdout.write(`\nSolution ${record.index + 1}: ${answer} (${verdict})\n${labelTable(record, style)}\n`);
}

export function runDemo(openPolicy: OpenPolicy = Policy.open): Run<typeof demoOptions> {
  return async (values, _given, surroundings) => {
    const { signal, stdout, stderr } = surroundings;
    const { numSolutions, numCompletions, seed, json, quiet } = values;
    const model = values.policy ?? demoPolicy;
    const problems = demoProblems();
    const session = new Session();
    const opened = await openPolicy(model, { dtype: values.dtype, threads: values.threads, signal });
    for (const text of opened.notes) note(text, values, surroundings);
    const policy = await opened.load();
    const grader = new Grader();
    try {
      session.loaded();
      const counts = newCounts();
      const tally = new LabelTally();
      const { prompt, sampling } = demoSettings(model);
      const split = { kind: "newline" } as const;
      const common = { policy, grader, counts, seed, signal, prompt, split };
      const solutions = rolloutStage(problems, { ...common, numSolutions, sampling });
      const labels = labelStage(solutions, { ...common, numCompletions, sampling, etas: [2] });
      const total = problems.length * numSolutions;
      const progress = new RunProgress(policy, {
        title: "demo",
        unit: "solutions",
        total,
        done: 0,
        quiet,
        stream: stderr,
      });
      const records: LabelRecord[] = [];
      try {
        for await (const record of labels) {
          records.push(record);
          tally.add(record);
          progress.advance();
        }
      } finally {
        progress.end();
      }
      const style = {
        colour: stdout.isTTY === true && !process.env.NO_COLOR,
        width: Math.min(process.stdout.columns ?? 100, 130),
      };
      if (!json) {
        for (const record of records) show(record, surroundings, style);
        stdout.write(`\n${explanation}\n`);
      }
      const numbers = session.numbers(policy, counts, 0);
      const summary = {
        stage: "demo",
        alreadyComplete: false,
        counts: { ...tally.counts, ...numbers.counts },
        timings: numbers.timings,
      };
      stdout.write(json ? `${summaryJson(summary)}\n` : summaryText(summary));
    } finally {
      await grader.dispose();
      await policy.dispose();
    }
  };
}
