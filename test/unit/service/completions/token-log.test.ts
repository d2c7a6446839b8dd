import test from "ava";
import { joinTokenLogs, TokenLog } from "../../../../src/service/completions/token-log.js";

const bytes = (text: string) => Buffer.from(text, "utf8");
const token = (text: string, logProbability = -1) => ({ bytes: bytes(text), logProbability });

test("a token is let go with the last of its bytes", (t) => {
  const log = new TokenLog();
  log.add(token("ab"));
  log.add(token("cd", -2));
  t.is(log.release(1), undefined);
  t.deepEqual(log.release(3), { tokens: ["ab"], token_logprobs: [-1], top_logprobs: null, text_offset: [0] });
  t.deepEqual(log.release(4)?.tokens, ["cd"]);
});

test("tokens behind the cut are dropped, and the one that holds it is shortened", (t) => {
  const log = new TokenLog();
  for (const text of ["one", " t", "wo.\n", "\n", "x"]) log.add(token(text));
  t.deepEqual(log.end(7)?.tokens, ["one", " t", "wo"]);
});

test("special tokens have a name, no characters, and their place at the end", (t) => {
  const log = new TokenLog();
  log.add(token("né"));
  log.add({ bytes: new Uint8Array(0), logProbability: -2, name: "<end>" });
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
  log.add({ bytes: Uint8Array.of(0x61, first as number), logProbability: -1 });
  log.add({ bytes: Uint8Array.from(others), logProbability: -1 });
  log.add(token("b"));
  t.deepEqual(log.end(6)?.text_offset, [0, 1, 2]);
});

test("logs are joined end to end", (t) => {
  const one = { tokens: ["a"], token_logprobs: [-1], top_logprobs: null, text_offset: [0] };
  const two = { tokens: ["b"], token_logprobs: [-2], top_logprobs: null, text_offset: [1] };
  t.is(joinTokenLogs([]), undefined);
  t.deepEqual(joinTokenLogs([one]), one);
  t.deepEqual(joinTokenLogs([one, two]), {
    tokens: ["a", "b"],
    token_logprobs: [-1, -2],
    top_logprobs: null,
    text_offset: [0, 1],
  });
});

test("the most probable tokens are told by their text, the chosen one with them, and a text once", (t) => {
  const log = new TokenLog(true);
  log.add(token("c", -5), [token("a", -1), token("b", -2)]);
  log.add(token("a", -1), [
    token("a", -1),
    { ...token("\uFFFD", -2) },
    { bytes: Uint8Array.of(0xff), logProbability: -3 },
  ]);
  log.add({ ...token("", -4), name: "__proto__" }, []);
  const { top_logprobs: told } = log.end(5) as { top_logprobs: Record<string, number>[] };
  t.deepEqual(told.slice(0, 2), [
    { a: -1, b: -2, c: -5 },
    { a: -1, "\uFFFD": -2 },
  ]);
  t.deepEqual(Object.entries(told[2] as object), [["__proto__", -4]]);
});
