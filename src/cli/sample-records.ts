/** Where rollout and label are alike: records out of a policy, each told to the tally and shown by the progress line. */
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import type { StageCounts } from "../stages/stage-counts.js";
import { RunProgress } from "./run-progress.js";
import type { Session, SessionNumbers } from "./session.js";
import type { Surroundings } from "./stage-command.js";

export interface SamplingTask<R> {
  /** The progress line's name. */
  title: string;
  policy: RolloutPolicy;
  records: AsyncIterable<R>;
  /** Records in all, and those of them that were there before. */
  total: number;
  recordsBefore: number;
  /** Has the records that were there before. */
  tally: { add(record: R): void; readonly counts: Record<string, number> };
  /** Of the stage behind `records`. */
  counts: StageCounts;
  session: Session;
}

/** @throws whatever `records` does */
export async function sampleRecords<R>(
  { title, policy, records, total, recordsBefore, tally, counts, session }: SamplingTask<R>,
  { quiet }: { quiet: boolean },
  { stderr }: Pick<Surroundings, "stderr">,
): Promise<SessionNumbers> {
  const progress = new RunProgress(policy, {
    ...{ title, unit: "solutions", total, done: recordsBefore, quiet, stream: stderr },
  });
  try {
    for await (const record of records) {
      tally.add(record);
      progress.advance();
    }
  } finally {
    progress.end();
  }
  const numbers = session.numbers(policy, counts, recordsBefore);
  return { ...numbers, counts: { ...tally.counts, ...numbers.counts } };
}
