/** What all ranks must have in common, compared before anything is trained: their updates would drift apart unseen. */
import { createHash } from "node:crypto";
import { ErprmError } from "../../errors.js";
import type { TrainingExample } from "../example.js";
import type { ExampleStore } from "../example-store.js";
import type { RankGroup } from "./rank-group.js";

/** Whatever decides the results, by name; values are JSON. */
export type Terms = Readonly<Record<string, unknown>>;

/** 64 hexadecimal digits that stand for the examples, their order included. */
export function examplesDigest(store: ExampleStore<TrainingExample>): string {
  const hash = createHash("sha256").update(store.kind);
  const add = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  for (let i = 0; i < store.size; i += 1) {
    const { problemId, index, tokenIds, positions, weights, ...example } = store.get(i);
    hash.update(JSON.stringify([problemId, index, tokenIds.length, positions.length]));
    for (const numbers of [tokenIds, positions, weights]) add(numbers);
    add(example.kind === "policy" ? example.tokens : example.labels);
  }
  return hash.digest("hex");
}

/** @throws ERPRM_RUN_CONFLICT {rank, name} on all ranks where one has other terms than rank 0; as `RankGroup.exchange` */
export async function agree(group: Pick<RankGroup, "exchangeValues">, terms: Terms): Promise<void> {
  const [first = {}, ...others] = await group.exchangeValues(terms);
  for (const [i, theirs] of others.entries()) {
    const names = [...new Set([...Object.keys(first), ...Object.keys(theirs)])];
    const name = names.find((one) => JSON.stringify(first[one]) !== JSON.stringify(theirs[one]));
    if (name === undefined) continue;
    const [wanted, received] = [first[name], theirs[name]].map((value) => JSON.stringify(value) ?? "nothing");
    throw new ErprmError(
      "ERPRM_RUN_CONFLICT",
      `Expected all ranks to train the same in the same way, found ${name} ${wanted} on rank 0 and ${received} on rank ${i + 1}`,
      { rank: i + 1, name },
    );
  }
}
