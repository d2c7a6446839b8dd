/**
 * What is known of units that came back: how often their worker gave them back in good order, which does not count against
 * them, and whether one was being worked on alone when its worker went away, which does.
 */
import type { KV } from "@nats-io/kv";
import { z } from "zod";

const entry = z.object({ returned: z.number().int().min(0), isAlone: z.boolean() });
export type TryEntry = z.infer<typeof entry>;

const none: TryEntry = { returned: 0, isAlone: false };

export class TryLedger {
  readonly #kv: () => Promise<KV>;

  constructor(kv: () => Promise<KV>) {
    this.#kv = kv;
  }

  async read(place: number): Promise<TryEntry> {
    const found = await (await this.#kv()).get(String(place));
    return found?.operation === "PUT" ? entry.parse(found.json()) : none;
  }

  async write(place: number, value: TryEntry): Promise<void> {
    await (await this.#kv()).put(String(place), JSON.stringify(value));
  }
}
