import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readLabels } from "../../../src/data/read-solutions.js";
import { labelSteps } from "../../../src/data/step-labels.js";
import { labelLines } from "../../bench/label-file.js";
import { expectSameRecords } from "../../bench/same-records.js";
import { makeFolder } from "../../support/folder.js";

test("records are the same whatever the order of fields, nulls and the last bits of numbers; nothing else is", async (t) => {
  const expected = '{"a":[{"b":1,"c":"x"}],"d":0.1}\n{"a":[],"d":true}\n';
  const folder = makeFolder(t, { "expected.jsonl": expected });
  const compare = (text: string) => {
    writeFileSync(join(folder, "other.jsonl"), text);
    return expectSameRecords(join(folder, "other.jsonl"), join(folder, "expected.jsonl"));
  };
  t.is(await compare('{"d":0.10000000000000002,"a":[{"c":"x","b":1.0,"e":null}]}\n{"a":[],"d":true}\n'), 2);
  for (const [change, to] of [
    ['"b":1', '"b":2'],
    ['"c":"x"', '"c":"y"'],
    ['"c":"x"', '"c":null'],
    ['"a":[]', '"a":[1]'],
    ['"d":true', '"d":1'],
    ["0.1", "0.1001"],
    ['{"a":[],"d":true}\n', ""],
    ['{"a":[],"d":true}\n', '{"a":[],"d":true}\n{"a":[],"d":true}\n'],
  ] as const) {
    await t.throwsAsync(compare(expected.replace(change, to)), undefined, to);
  }
});

test("made-up label records are records, each once, whose labels follow from their counts", async (t) => {
  const path = join(makeFolder(t, { "a.jsonl": [...labelLines(50)].map((line) => `${line}\n`).join("") }), "a.jsonl");
  let numRecords = 0;
  for await (const { steps, labels, standardErrors } of readLabels(path)) {
    t.deepEqual({ labels, standardErrors }, labelSteps(steps, Object.keys(labels)));
    numRecords += 1;
  }
  t.is(numRecords, 50);
});
