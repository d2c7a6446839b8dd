import test from "ava";
import fc from "fast-check";
import { PartCollector, splitParts } from "../../../src/queue/parts.js";

test("parts put together in any order, repeated or not, are the bytes that were split", (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.infiniteStream(fc.nat()),
      (bytes, size, random) => {
        const parts = splitParts(bytes, size);
        t.true(parts.length >= 1 && parts.every((part) => part.length <= size));
        const order = [...parts.keys()].sort(() => ((random.next().value as number) % 3) - 1);
        const collector = new PartCollector();
        const [first = 0, ...others] = order;
        let whole = collector.add("a", first, parts.length, parts[first] as Uint8Array);
        if (others.length > 0) t.is(collector.add("a", first, parts.length, parts[first] as Uint8Array), undefined);
        for (const part of others) whole = collector.add("a", part, parts.length, parts[part] as Uint8Array);
        t.deepEqual(Buffer.from(whole as Uint8Array), Buffer.from(bytes));
      },
    ),
  );
});

test("parts of two attempts do not mix", (t) => {
  const collector = new PartCollector();
  const bytes = (text: string) => Buffer.from(text);
  t.is(collector.add("1.a", 0, 2, bytes("x")), undefined);
  t.is(collector.add("1.b", 1, 2, bytes("B")), undefined);
  t.is(String(collector.add("1.b", 0, 2, bytes("A"))), "AB");
  collector.forget((attempt) => attempt === "1.a");
  t.is(collector.add("1.a", 1, 2, bytes("y")), undefined, "what was forgotten begins anew");
});

test("a part that its attempt cannot have is refused", (t) => {
  const collector = new PartCollector();
  const part = new Uint8Array(1);
  t.throws(() => collector.add("a", 2, 2, part), { code: "ERPRM_INVALID_DATA" });
  t.throws(() => collector.add("b", 0, 0, part), { code: "ERPRM_INVALID_DATA" });
  t.throws(() => collector.add("c", Number.NaN, 1, part), { code: "ERPRM_INVALID_DATA" });
  collector.add("d", 0, 3, part);
  t.throws(() => collector.add("d", 1, 2, part), { code: "ERPRM_INVALID_DATA" });
});
