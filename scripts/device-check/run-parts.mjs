/** The parts of one stage, each with its time, whatever became of the others. */
import { commandsOf, StageFailure } from "./command.mjs";

/** A part is not begun with less than this of its time. */
const leastShare = 1 / 3;
/** One that had this much of its time has had its time. */
const cutShare = 0.9;

/** Those that never ran come first, those that failed last: what hangs must not take the time of the others in every call. */
export function inOrder(items, resultOf) {
  const rank = (item) => ({ failed: 1, running: 1 })[resultOf(item)?.status] ?? 0;
  return items
    .map((item, i) => [rank(item), i, item])
    .sort(([a, i], [b, j]) => a - b || i - j)
    .map(([, , item]) => item);
}

async function runPart(part, record, given, isCut) {
  const start = Date.now();
  try {
    const { failed, ...told } = (await part.run(given)) ?? {};
    Object.assign(record, told, failed ? { status: "failed", reason: failed } : { status: "passed" });
  } catch (error) {
    // Cut short by the others' time, not by its own: that says nothing of it.
    record.status = error.isLate && isCut ? "unfinished" : "failed";
    record.reason = error instanceof StageFailure ? error.message : (error.stack ?? String(error));
  }
  // Its commands were killed: what it says of that is no reason.
  const by = given.interrupt.by;
  if (by !== undefined) Object.assign(record, { status: "unfinished", reason: `interrupted by ${by}` });
  record.seconds = (Date.now() - start) / 1000;
}

/**
 * Runs the parts of `stage` that have not passed yet and fills `result`. Each result that a part measures replaces those the part
 * gave in an earlier call, from the first one on. @param {import("./results.mjs").StageResult} result
 * @param {{ log: string, root: string, end: number, save: () => void, interrupt: { by?: string }, commit: () => string | undefined }} given
 */
export async function runParts(parts, result, given) {
  for (const part of inOrder(parts, ({ name }) => result.parts[name])) {
    if (given.interrupt.by) return;
    if (result.parts[part.name]?.status === "passed") continue;
    const start = Date.now();
    if ((given.end - start) / 1000 < part.seconds * leastShare) continue;
    const record = { status: "running", date: new Date(start).toISOString(), commit: given.commit() };
    result.parts[part.name] = record;
    given.save();
    let isFirst = true;
    const keep = (one) => {
      if (isFirst) result.results = result.results.filter((old) => old.part !== part.name);
      isFirst = false;
      result.results.push({ ...one, part: part.name, commit: record.commit, date: record.date });
      given.save();
    };
    const ownEnd = start + part.seconds * 1000;
    const deadline = Math.min(ownEnd, given.end);
    const commands = commandsOf({ log: given.log, cwd: given.root, deadline, keep });
    await runPart(
      part,
      record,
      { ...given, ...commands, keep },
      deadline < ownEnd - part.seconds * (1 - cutShare) * 1000,
    );
    given.save();
  }
}

/** Status, reason, tests and facts of a whole stage from those of its parts. */
export function sumUp(parts, result) {
  const records = parts.map(({ name }) => [name, result.parts[name]]);
  const told = (name, reason) => (parts.length === 1 ? reason : `${name}: ${reason}`);
  const failed = records.filter(([, one]) => one?.status === "failed");
  const missing = records.filter(([, one]) => !["passed", "failed"].includes(one?.status));
  const tests = records.flatMap(([, one]) => (one?.tests ? [one.tests] : []));
  const sum = (key) => tests.reduce((total, one) => total + one[key], 0);
  const warnings = records.flatMap(([name, one]) => (one?.warning ? [told(name, one.warning)] : []));
  const reasons = [
    ...(failed.length > 0 ? [told(failed[0][0], failed[0][1].reason)] : []),
    ...(failed.length > 1
      ? [
          `failed too: ${failed
            .slice(1)
            .map(([name]) => name)
            .join(", ")}`,
        ]
      : []),
    ...(missing.length > 0 ? [`not run to the end: ${missing.map(([name]) => name).join(", ")}`] : []),
    ...warnings,
  ];
  result.status = failed.length > 0 ? "failed" : missing.length > 0 ? "unfinished" : "passed";
  result.reason = reasons.length > 0 ? reasons.join("; ") : undefined;
  result.facts = Object.assign({}, ...records.map(([, one]) => one?.facts));
  result.tests = tests.length > 0 ? { passed: sum("passed"), failed: sum("failed") } : undefined;
}
