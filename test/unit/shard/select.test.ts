import test from "ava";
import { ofShard } from "../../../src/shard/select.js";

const records = (ids: string) => [...ids].map((problemId, i) => ({ problemId, i }));
const idOf = ({ problemId }: { problemId: string }) => problemId;

async function selected(ids: string, index: number, of: number): Promise<string> {
  let text = "";
  for await (const { problemId } of ofShard(records(ids), { index, of }, idOf, "s.jsonl")) text += problemId;
  return text;
}

test("a shard has every n-th problem with all of its records, in order", async (t) => {
  t.is(await selected("aabcccdde", 0, 2), "aaccce");
  t.is(await selected("aabcccdde", 1, 2), "bdd");
  t.is(await selected("aab", 2, 3), "");
});

test("without a shard all records pass, scattered or not", async (t) => {
  const all: unknown[] = [];
  for await (const record of ofShard(records("aba"), undefined, idOf, "s.jsonl")) all.push(record);
  t.is(all.length, 3);
});

test("a problem that comes again after others is an error that names it and the place", async (t) => {
  const error = await t.throwsAsync(selected("aba", 1, 2), { code: "ERPRM_INVALID_DATA" });
  t.regex(error?.message ?? "", /problem "a" .*s\.jsonl line 3/);
});
