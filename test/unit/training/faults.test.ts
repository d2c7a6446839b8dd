import test from "ava";
import { Faults } from "../../../src/training/faults.js";

const place = (record: number) => ({ problemId: `p${record}`, index: 0, record });

test("faults up to the allowed share pass, one more is an error", (t) => {
  const faults = new Faults({ maxShare: 0.1 });
  for (let i = 0; i < 9; i++) faults.countKept();
  faults.count("no-steps", place(10));
  t.notThrows(() => faults.check());
  faults.count("no-labels", place(11));
  t.throws(() => faults.check(), { message: /at most 10 % .* received 2 of 11 \(18 %\)/ });
});

test("an error tells every reason, the most frequent first, with the first three places and the file", (t) => {
  const faults = new Faults({ file: "labels.jsonl" });
  faults.count("no-labels", place(1));
  for (let record = 2; record < 7; record++) faults.count("tag-cut-off", { ...place(record), found: "600 tokens" });
  const error = t.throws(() => faults.check(), {
    message:
      /in labels\.jsonl: 5 are longer than.*\(tag-cut-off\), record 2 \(problem "p2" solution 0: 600 tokens\), record 3 .*record 4 .* and others; 1 have neither/,
  });
  t.like(error, {
    code: "ERPRM_INVALID_DATA",
    details: { file: "labels.jsonl", numRecords: 6, numFaulty: 6, maxShare: 0.01 },
  });
  t.is(faults.summary.reasons["tag-cut-off"]?.first.length, 3);
  t.is(faults.summary.reasons["tag-cut-off"]?.count, 5);
});

test("without records there are no faults; a share outside 0 to 1 is refused", (t) => {
  t.notThrows(() => new Faults().check());
  t.throws(() => new Faults({ maxShare: 1.5 }), { message: /largest share of faulty records/ });
});
