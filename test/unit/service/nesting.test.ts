import test from "ava";
import fc from "fast-check";
import { isDeeper } from "../../../src/service/nesting.js";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("the depth of any JSON is found without parsing it, brackets and quotes in texts passed over", (t) => {
  const texts = fc
    .array(fc.constantFrom("[", "]", "{", "}", '"', "\\", "a", "\u{1F600}"))
    .map((parts) => parts.join(""));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "medium" }, texts, fc.integer(), tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 3 }),
    object: fc.dictionary(texts, tie("value"), { maxKeys: 3 }),
  }));
  fc.assert(
    fc.property(value, fc.nat(6), (any, maxDepth) => {
      return isDeeper(JSON.stringify(any), maxDepth) === depthOf(any) > maxDepth;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("millions of brackets are seen through at once, and text that never ends its string ends", (t) => {
  t.true(isDeeper("[".repeat(4e6), 64));
  t.false(isDeeper(`["${"[".repeat(4e6)}`, 64));
  t.false(isDeeper(`"${'\\"'.repeat(1000)}`, 64));
});
