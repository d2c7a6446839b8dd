import test from "ava";
import fc from "fast-check";
import { TextStream } from "../../../../src/service/completions/text-stream.js";

/** Pieces as they are sent, the rest at the end last. */
function send(pieces: readonly Uint8Array[], texts: readonly string[] = [], kept = false) {
  const stream = new TextStream({ texts, kept });
  const sent: string[] = [];
  for (const piece of pieces) {
    sent.push(stream.push(piece));
    // The engine ends the completion with this token.
    if (stream.stop !== undefined) break;
  }
  sent.push(stream.end());
  return { sent, text: sent.join(""), stop: stream.stop, numSent: stream.numSent };
}

const bytesOf = (...texts: string[]) => texts.map((text) => Buffer.from(text, "utf8"));

/** Bytes cut at random places. */
const cutBytes = (bytes: fc.Arbitrary<Uint8Array>) =>
  fc.tuple(bytes, fc.array(fc.nat(12), { maxLength: 40 })).map(([whole, lengths]) => {
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const length of lengths) {
      pieces.push(whole.subarray(at, at + length));
      at += length;
    }
    return { whole, pieces: [...pieces, whole.subarray(at)] };
  });

test("what is sent, put together, is what decoding all bytes at once gives, whatever the bytes and wherever they are cut", (t) => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text, "utf8"))),
  );
  fc.assert(
    fc.property(cutBytes(anyBytes), ({ whole, pieces }) => {
      const { text } = send(pieces);
      t.is(text, new TextDecoder("utf-8", { ignoreBOM: true }).decode(whole));
    }),
    { numRuns: 500 },
  );
});

test("a character is sent when it is whole, and half a character at the end becomes U+FFFD", (t) => {
  const [first, second, third] = Buffer.from("€", "utf8");
  const halves = [
    Uint8Array.of(0x61, first as number),
    Uint8Array.of(second as number),
    Uint8Array.of(third as number),
  ];
  t.deepEqual(send(halves).sent, ["a", "", "€", ""]);
  t.deepEqual(send(halves.slice(0, 2)).sent, ["a", "", "\uFFFD"]);
});

test("no byte of a stop text is sent, wherever tokens cut it, and nothing after it", (t) => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "\n", "é"), maxLength: 24 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n", "é"), minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(cutBytes(letters.map((text) => new Uint8Array(Buffer.from(text, "utf8")))), stops, (cut, texts) => {
      const { sent, text, stop } = send(cut.pieces, texts);
      const whole = Buffer.from(cut.whole).toString("utf8");
      t.false(texts.some((one) => text.includes(one)));
      t.true(whole.startsWith(text));
      if (stop === undefined) t.is(text, whole);
      else t.true(whole.slice(text.length).startsWith(stop));
      // Nothing that was sent early had to be taken back.
      t.true(text.startsWith(sent.slice(0, -1).join("")));
    }),
    { numRuns: 500 },
  );
});

test("what may become a stop text is held back, and sent when it does not", (t) => {
  t.deepEqual(send(bytesOf("x\n", "y", "\n", "\n"), ["\n\n"]), {
    sent: ["x", "\ny", "", "", ""],
    text: "x\ny",
    stop: "\n\n",
    numSent: 3,
  });
  t.deepEqual(send(bytesOf("x\n"), ["\n\n"]).sent, ["x", "\n"]);
});

test("a stop text that is asked for is sent, and what its last token says beyond it is not", (t) => {
  t.is(send(bytesOf("one st", "ep. Two"), ["step."], true).text, "one step.");
  t.is(send(bytesOf("one st", "ep. Two"), ["step."]).text, "one ");
});

test("of several stop texts the one that begins first cuts", (t) => {
  const { text, stop } = send(bytesOf("a b c"), ["c", "b"]);
  t.is(text, "a ");
  t.is(stop, "b");
});

test("a stop text that begins inside a broken character leaves the break to U+FFFD", (t) => {
  t.is(send([Uint8Array.of(0x61, 0xe2, 0x82, 0x0a)], ["\n"]).text, "a\uFFFD");
});
