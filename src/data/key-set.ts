/**
 * Which keys there are, when there may be more of them than a Set holds (16.7 million): of every key 16 bytes (`KeyDigest`), in
 * open tables. Two of n keys have the same 16 bytes with a chance of n^2 / 2^128, which for a billion keys is 3e-21.
 */
import { KeyDigest, keyWidth } from "./key-digest.js";

const numTables = 256;
const firstSlots = 8;
/** A table is made twice as large when this share of its slots is taken. */
const fullShare = 0.75;

interface Table {
  /** A slot without a key has four zeros. */
  slots: Uint32Array;
  numKeys: number;
}

export class KeySet {
  // Many small ones grow one after another: no moment has all keys twice.
  readonly #tables: Table[] = Array.from({ length: numTables }, () => ({
    slots: new Uint32Array(keyWidth * firstSlots),
    numKeys: 0,
  }));
  readonly #digest = new KeyDigest();
  readonly #words = new Uint32Array(keyWidth);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `index`: of keys that are a text and a number. */
  has(key: string, index = 0): boolean {
    this.#digest.write(key, index, this.#words, 0);
    const { slots } = this.#tableOf(this.#words, 0);
    return slots[placeIn(slots, this.#words, 0)] !== 0;
  }

  /** False when it was there. */
  add(key: string, index = 0): boolean {
    this.#digest.write(key, index, this.#words, 0);
    return this.addWords(this.#words, 0);
  }

  /** As `add`, of a key that `KeyDigest` wrote. */
  addWords(words: Uint32Array, at: number): boolean {
    const table = this.#tableOf(words, at);
    const place = placeIn(table.slots, words, at);
    if (table.slots[place] !== 0) return false;
    for (let i = 0; i < keyWidth; i += 1) table.slots[place + i] = words[at + i] as number;
    table.numKeys += 1;
    this.#size += 1;
    if (table.numKeys * keyWidth > fullShare * table.slots.length) table.slots = doubled(table.slots);
    return true;
  }

  #tableOf(words: Uint32Array, at: number): Table {
    return this.#tables[(words[at + 3] as number) % numTables] as Table;
  }
}

/** Where the words are in the table, or where they would go. */
function placeIn(slots: Uint32Array, words: Uint32Array, at: number): number {
  const mask = slots.length / keyWidth - 1;
  for (let slot = (words[at + 1] as number) & mask; ; slot = (slot + 1) & mask) {
    const place = keyWidth * slot;
    if (slots[place] === 0) return place;
    let i = 0;
    while (i < keyWidth && slots[place + i] === words[at + i]) i += 1;
    if (i === keyWidth) return place;
  }
}

function doubled(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * slots.length);
  for (let place = 0; place < slots.length; place += keyWidth) {
    if (slots[place] === 0) continue;
    const to = placeIn(larger, slots, place);
    for (let i = 0; i < keyWidth; i += 1) larger[to + i] = slots[place + i] as number;
  }
  return larger;
}
