import test from "ava";
import fc from "fast-check";
import {
  formatShard,
  holdsProblem,
  numProblemsOf,
  parseShard,
  shardDirectoryName,
  shardOfDirectoryName,
} from "../../../src/shard/shard.js";

test("i/n is read and written back", (t) => {
  t.deepEqual(parseShard("2/8"), { index: 2, of: 8 });
  t.is(formatShard(parseShard("0/1")), "0/1");
});

test("what is no shard is refused with what was expected", (t) => {
  for (const text of ["8/8", "-1/8", "1/0", "1", "a/b", "1/2/3", "0.5/2", "", "0/100001"]) {
    t.throws(() => parseShard(text), { code: "ERPRM_INVALID_ARGUMENT", message: /i\/n with i from 0 to n - 1/ }, text);
  }
});

test("a directory's name says which shard it holds, and no other name does", (t) => {
  const shard = { index: 3, of: 16 };
  t.is(shardDirectoryName(shard), "shard-3-of-16");
  t.deepEqual(shardOfDirectoryName("shard-3-of-16"), shard);
  for (const name of ["shard-3", "shard-3-of-16.old", "my-shard-3-of-16", "3-of-16"]) {
    t.is(shardOfDirectoryName(name), undefined);
  }
});

test("every problem belongs to one shard, and shards differ by one problem at most", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 200 }), (of, numProblems) => {
      const sizes = Array.from({ length: of }, () => 0);
      for (let place = 0; place < numProblems; place += 1) {
        const holders = sizes.flatMap((_, index) => (holdsProblem({ index, of }, place) ? [index] : []));
        t.is(holders.length, 1);
        sizes[holders[0] as number] = (sizes[holders[0] as number] as number) + 1;
      }
      t.deepEqual(
        sizes,
        sizes.map((_, index) => numProblemsOf({ index, of }, numProblems)),
      );
      t.true(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
    { numRuns: 50 },
  );
});
