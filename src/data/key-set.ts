/**
 * Which keys there are, when there may be more of them than a Set holds (16.7 million): of every key 16 bytes of its SHA-256, in
 * open tables. Two of n keys have the same 16 bytes with a chance of n^2 / 2^129, which for a billion keys is 1e-21.
 */
import { hash } from "node:crypto";

/** Numbers of 32 bits that a key has in a table. */
const width = 4;
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
    slots: new Uint32Array(width * firstSlots),
    numKeys: 0,
  }));
  readonly #words = new Uint32Array(width);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const { slots } = this.#tableOf(key);
    return slots[placeIn(slots, this.#words)] !== 0;
  }

  /** False when it was there. */
  add(key: string): boolean {
    const table = this.#tableOf(key);
    const place = placeIn(table.slots, this.#words);
    if (table.slots[place] !== 0) return false;
    table.slots.set(this.#words, place);
    table.numKeys += 1;
    this.#size += 1;
    if (table.numKeys * width > fullShare * table.slots.length) table.slots = doubled(table.slots);
    return true;
  }

  /** The table that the key belongs to; what it has there is in `#words`. */
  #tableOf(key: string): Table {
    const digest = hash("sha256", key, "buffer");
    for (let i = 0; i < width; i += 1) this.#words[i] = digest.readUInt32LE(4 * i);
    // No key looks like an empty slot.
    this.#words[0] = (this.#words[0] as number) | 1;
    return this.#tables[digest[16] as number] as Table;
  }
}

/** Where the words are in the table, or where they would go. */
function placeIn(slots: Uint32Array, words: Uint32Array): number {
  const mask = slots.length / width - 1;
  for (let slot = (words[1] as number) & mask; ; slot = (slot + 1) & mask) {
    const place = width * slot;
    if (slots[place] === 0) return place;
    let i = 0;
    while (i < width && slots[place + i] === words[i]) i += 1;
    if (i === width) return place;
  }
}

function doubled(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * slots.length);
  for (let place = 0; place < slots.length; place += width) {
    if (slots[place] === 0) continue;
    const words = slots.subarray(place, place + width);
    larger.set(words, placeIn(larger, words));
  }
  return larger;
}
