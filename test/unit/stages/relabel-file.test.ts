import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lineBlocks } from "../../../src/data/line-blocks.js";
import { readLabels } from "../../../src/data/read-solutions.js";
import { labelSteps } from "../../../src/data/step-labels.js";
import { writeRecords } from "../../../src/data/write-records.js";
import type { ErprmError } from "../../../src/errors.js";
import { relabelStage } from "../../../src/stages/relabel.js";
import type { RelabelledBlock } from "../../../src/stages/relabel-block.js";
import { type FilePlace, relabelFile } from "../../../src/stages/relabel-file.js";
import { relabelBlocks } from "../../../src/stages/relabel-threads.js";
import type { LabelRecord } from "../../../src/types.js";
import { makeFolder } from "../../support/folder.js";
import { collect } from "../data/temporary-directory.js";

const wanted = { etas: [0.5, 8] };

function record(i: number): LabelRecord {
  const steps = Array.from({ length: 1 + (i % 4) }, (_, t) => ({
    text: `Schritt ${t} für ${i}`,
    numCompletions: 8,
    numCorrect: (i * 7 + t) % 9,
  }));
  return {
    problemId: `p${i >> 2}`,
    index: i & 3,
    question: `What is ${i} + 1?`,
    answer: `${i + 1}`,
    outcome: i % 3 === 0 ? 1 : 0,
    steps,
    ...labelSteps(steps, ["hard", "soft", "er:1"]),
  };
}

const records = Array.from({ length: 3000 }, (_, i) => record(i));
const lines = (all: readonly unknown[]) => all.map((one) => `${JSON.stringify(one)}\n`).join("");
const textOf = (blocks: readonly { bytes: Uint8Array }[]) =>
  blocks.map(({ bytes }) => Buffer.from(bytes).toString()).join("");

const placeOf = ({ end, line, sums, keys }: RelabelledBlock & FilePlace) => ({ end, line, sums, numKeys: keys.length });

async function expected(): Promise<string> {
  return lines(await collect(relabelStage(records, wanted)));
}

async function inThreads(t: ExecutionContext, content: string | Uint8Array, threads: number, blockBytes = 20_000) {
  const path = join(makeFolder(t, { "labels.jsonl": content }), "labels.jsonl");
  const blocks = lineBlocks(
    (async function* () {
      yield readFileSync(path);
    })(),
    blockBytes,
  );
  return { path, relabelled: relabelBlocks(blocks, { file: path, line: 1 }, wanted, { threads }) };
}

for (const ending of ["jsonl", "jsonl.gz", "jsonl.zst", "json", "parquet"]) {
  test(`a .${ending} file gives the lines of relabelStage`, async (t) => {
    const path = join(makeFolder(t), `labels.${ending}`);
    await writeRecords(path, records);
    const blocks = await collect(relabelFile(path, { ...wanted, threads: 1 }));
    t.is(textOf(blocks), await expected());
  });

  test(`a .${ending} file is read on from behind any block`, async (t) => {
    const path = join(makeFolder(t), `labels.${ending}`);
    // Two blocks and more, of whatever kind.
    const many = Array.from({ length: 8000 }, (_, i) => record(i));
    await writeRecords(path, many);
    const blocks = await collect(relabelFile(path, { ...wanted, threads: 1 }));
    t.true(blocks.length > 1);
    for (const [i, { end, line }] of blocks.entries()) {
      const rest = await collect(relabelFile(path, { ...wanted, threads: 1, from: { end, line } }));
      const after = blocks.slice(i + 1);
      t.deepEqual(rest.map(placeOf), after.map(placeOf));
      t.is(textOf(rest), textOf(after));
    }
  });

  test(`a limit ends a .${ending} file after so many records`, async (t) => {
    const path = join(makeFolder(t), `labels.${ending}`);
    await writeRecords(path, records);
    for (const limit of [0, 1, 1024, 1500]) {
      const blocks = await collect(relabelFile(path, { ...wanted, threads: 2, limit }));
      t.is(
        textOf(blocks),
        (await expected())
          .split("\n")
          .slice(0, limit)
          .map((line) => `${line}\n`)
          .join(""),
      );
    }
  });
}

test("any number of threads gives the same blocks in the same order", async (t) => {
  const content = lines(records);
  const one = await collect((await inThreads(t, content, 1)).relabelled);
  t.true(one.length > 20);
  t.is(textOf(one), await expected());
  for (const threads of [2, 3]) t.deepEqual(await collect((await inThreads(t, content, threads)).relabelled), one);
});

test("sums, keys and lines are those of the records", async (t) => {
  const path = join(makeFolder(t, { "a.jsonl": `\n${lines(records.slice(0, 9))}  \n\r\n` }), "a.jsonl");
  const [block] = await collect(relabelFile(path, { ...wanted, threads: 1 }));
  const few = await collect(relabelStage(records.slice(0, 9), wanted));
  t.is(block?.numLines, 12);
  t.is(block?.keys.length, 4 * 9);
  t.is(
    block?.sums.steps,
    few.reduce((sum, one) => sum + one.steps.length, 0),
  );
  t.is(block?.sums.correct, few.filter(({ outcome }) => outcome === 1).length);
  const names = Object.keys(few[0]?.labels ?? {});
  const sums = names.map((name) => few.flatMap((one) => one.labels[name] ?? []).reduce((a, b) => a + b, 0));
  for (const [i, sum] of sums.entries()) t.true(Math.abs((block?.sums.labels[i] ?? 0) - sum) < 1e-12);
});

const wrong = {
  "a label out of range": JSON.stringify({ ...records[2500], labels: { soft: [2] } }),
  "no JSON": "{",
  "an imported record": JSON.stringify({
    ...records[2500],
    steps: [{ text: "", numCompletions: 0, numCorrect: 0 }],
    labels: {},
    standardErrors: {},
  }),
};
for (const [what, line] of Object.entries(wrong)) {
  for (const threads of [1, 2]) {
    test(`${what} is the error of the reader, with its place, in a file that ${threads} threads read`, async (t) => {
      const text = lines(records).split("\n");
      text[2500] = line;
      const { path, relabelled } = await inThreads(t, text.join("\n"), threads);
      const error = await t.throwsAsync<ErprmError>(collect(relabelled));
      const same = await t.throwsAsync<ErprmError>(collect(relabelStage(readLabels(path), wanted)));
      t.is(error.message, same.message);
      t.deepEqual(error.details, same.details);
    });
  }
}

test("bytes that are not UTF-8 are an error of their line", async (t) => {
  const content = Buffer.from(lines(records));
  const line = content.subarray(0, 500_000).toString("latin1").split("\n").length;
  content[content.indexOf('"question":"', 499_999 - 400) + 14] = 0xff;
  const { path, relabelled } = await inThreads(t, content, 2);
  const error = await t.throwsAsync<ErprmError>(collect(relabelled));
  const same = await t.throwsAsync<ErprmError>(collect(readLabels(path)));
  t.deepEqual(error.details, same.details);
  t.true(Math.abs(Number(error.details.line) - line) < 4);
});
