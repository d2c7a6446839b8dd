import test from "ava";
import { joinTokenLogs, TokenLog } from "../../../../src/service/completions/token-log.js";

const bytes = (text: string) => Buffer.from(text, "utf8");

test("a token is let go with the last of its bytes", (t) => {
  const log = new TokenLog();
  log.add(bytes("ab"), -1);
  log.add(bytes("cd"), -2);
  t.is(log.release(1), undefined);
  t.deepEqual(log.release(3), { tokens: ["ab"], token_logprobs: [-1], top_logprobs: null, text_offset: [0] });
  t.deepEqual(log.release(4)?.tokens, ["cd"]);
});

test("tokens behind the cut are dropped, and the one that holds it is shortened", (t) => {
  const log = new TokenLog();
  for (const text of ["one", " t", "wo.\n", "\n", "x"]) log.add(bytes(text), -1);
  t.deepEqual(log.end(7)?.tokens, ["one", " t", "wo"]);
});

test("special tokens have a name, no characters, and their place at the end", (t) => {
  const log = new TokenLog();
  log.add(bytes("né"), -1);
  log.add(new Uint8Array(0), -2, "<end>");
  t.deepEqual(log.end(3), {
    tokens: ["né", "<end>"],
    token_logprobs: [-1, -2],
    top_logprobs: null,
    text_offset: [0, 2],
  });
});

test("offsets count characters, also of those that two tokens share", (t) => {
  const log = new TokenLog();
  const [first, ...others] = bytes("😀");
  log.add(Uint8Array.of(0x61, first as number), -1);
  log.add(Uint8Array.from(others), -1);
  log.add(bytes("b"), -1);
  t.deepEqual(log.end(6)?.text_offset, [0, 1, 2]);
});

test("logs are joined end to end", (t) => {
  const one = { tokens: ["a"], token_logprobs: [-1], top_logprobs: null, text_offset: [0] };
  const two = { tokens: ["b"], token_logprobs: [-2], top_logprobs: null, text_offset: [1] };
  t.is(joinTokenLogs(undefined, undefined), undefined);
  t.deepEqual(joinTokenLogs(one, undefined), one);
  t.deepEqual(joinTokenLogs(one, two), {
    tokens: ["a", "b"],
    token_logprobs: [-1, -2],
    top_logprobs: null,
    text_offset: [0, 1],
  });
});
