import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readPieces } from "../../../src/data/read-pieces.js";
import { makeFolder } from "../../support/folder.js";

test("the pieces of a file are the file, whatever their size", async (t) => {
  const path = join(makeFolder(t, {}), "f");
  for (const [size, pieceBytes] of [
    [0, 4],
    [1, 4],
    [4, 4],
    [17, 4],
    [17, 100],
  ] as const) {
    const bytes = randomBytes(size);
    writeFileSync(path, bytes);
    const pieces: Uint8Array[] = [];
    for await (const piece of readPieces(path, pieceBytes)) {
      t.true(piece.length <= pieceBytes);
      pieces.push(piece);
    }
    t.true(Buffer.concat(pieces).equals(bytes), `${size} by ${pieceBytes}`);
  }
  await t.throwsAsync(readPieces(`${path}.gone`, 4).next(), { code: "ENOENT" });
});

test("between two pieces the file is not open", async (t) => {
  const path = join(makeFolder(t, { f: "0123456789" }), "f");
  const isOpen = () =>
    readdirSync("/proc/self/fd").some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });
  const pieces = readPieces(path, 3);
  await pieces.next();
  t.false(isOpen());
  await pieces.return(undefined);
});
