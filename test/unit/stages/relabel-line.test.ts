import test from "ava";
import fc from "fast-check";
import { parseLabelRecord } from "../../../src/data/read-solutions.js";
import type { ErprmError } from "../../../src/errors.js";
import { type RelabelOptions, relabelStage } from "../../../src/stages/relabel.js";
import { RelabelLine } from "../../../src/stages/relabel-line.js";
import type { LabelRecord } from "../../../src/types.js";
import { estimators, labelRecords } from "../../support/label-records.js";

const place = { file: "labels.jsonl", line: 7 };
const options = fc.record({
  etas: fc.constantFrom([1, 2, 5], [0.5, 8], []),
  estimator: fc.option(estimators, { nil: undefined }),
});

/** The long way: parsed, relabelled and written out as a whole. */
async function expected(text: string, wanted: RelabelOptions): Promise<string> {
  for await (const record of relabelStage([parseLabelRecord(JSON.parse(text), place)], wanted)) {
    return JSON.stringify(record);
  }
  throw new Error("Expected a record");
}

test("lines one after another get the bytes of records that are parsed, relabelled and written out", async (t) => {
  // Several of each, as the lines of one file end alike.
  const files = fc.array(labelRecords, { minLength: 1, maxLength: 4 }).map((records) => [...records, ...records]);
  await fc.assert(
    fc.asyncProperty(files, options, async (records, wanted) => {
      const relabel = new RelabelLine(wanted);
      for (const record of records) {
        const text = JSON.stringify(record);
        t.is(relabel.ofText(text, place).text, await expected(text, wanted));
      }
    }),
  );
});

test("a line that was changed anywhere gives what the long way gives, error or bytes", async (t) => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat(3),
    insert: fc.constantFrom("", "1", "}", '"', ",", " ", "9]", "{}", "null", '"labels":{},'),
  });
  await fc.assert(
    fc.asyncProperty(
      labelRecords,
      options,
      fc.array(change, { minLength: 1, maxLength: 6 }),
      async (record, wanted, changes) => {
        const text = JSON.stringify(record);
        const relabel = new RelabelLine(wanted);
        relabel.ofText(text, place);
        for (const { at, remove, insert } of changes) {
          const from = at % (text.length + 1);
          const changed = text.slice(0, from) + insert + text.slice(from + remove);
          let bytes: string | undefined;
          let failure: ErprmError | SyntaxError | undefined;
          try {
            bytes = await expected(changed, wanted);
          } catch (error) {
            failure = error as ErprmError | SyntaxError;
          }
          if (bytes !== undefined) t.is(relabel.ofText(changed, place).text, bytes);
          else {
            const error = t.throws<ErprmError>(() => relabel.ofText(changed, place));
            t.is(error?.code, "ERPRM_INVALID_DATA");
            t.true(error?.message.includes(failure?.message ?? "?"), error?.message);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

const record: LabelRecord = {
  problemId: "p",
  index: 0,
  question: "q",
  answer: "1",
  outcome: 1,
  steps: [{ text: "s", numCompletions: 4, numCorrect: 1 }],
  labels: { hard: [1], soft: [0.25] },
  standardErrors: { soft: [0.18708286933869706] },
};

for (const [what, labels] of [
  ["out of range", { hard: [1], soft: [1.25] }],
  ["not one a step", { hard: [1], soft: [0.25, 0.25] }],
] as const) {
  test(`labels that are ${what} are refused after any number of lines that were right`, (t) => {
    const relabel = new RelabelLine({});
    for (let i = 0; i < 5; i += 1) relabel.ofText(JSON.stringify({ ...record, index: i }), place);
    const error = t.throws<ErprmError>(() => relabel.ofText(JSON.stringify({ ...record, labels }), place));
    t.is(error?.details.line, 7);
    t.regex(String(error?.details.field), /^labels\.soft/);
  });
}

test("labels inside another field are not the record's", (t) => {
  const relabel = new RelabelLine({});
  const text = JSON.stringify(record);
  relabel.ofText(text, place);
  const error = t.throws<ErprmError>(() => relabel.ofText(`{"more":${text}}`, place));
  t.is(error?.details.field, "steps");
  const { labels, standardErrors, ...rest } = record;
  const nested = JSON.stringify({ ...rest, more: { steps: [], labels, standardErrors } });
  t.is(t.throws<ErprmError>(() => relabel.ofText(nested, place))?.details.field, "labels");
});

test("a step without counts is refused as relabelStage does", (t) => {
  const uncounted = { ...record, steps: [{ text: "s", numCompletions: 0, numCorrect: 0 }] };
  const error = t.throws<ErprmError>(() => new RelabelLine({}).ofText(JSON.stringify(uncounted), place));
  t.is(error?.details.field, "steps[0].numCompletions");
});
