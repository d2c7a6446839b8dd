/**
 * Examples of one kind, laid end to end: token ids in one array, positions in another. 300,000 solutions of 200 tokens are
 * 240 MB here. A policy's targets are its own tokens one place on, so beside the ids only the end token is kept.
 */
import { ErprmError } from "../errors.js";
import type { PolicyExample, RewardExample, TrainingExample } from "./example.js";
import { GrowingArray } from "./growing-array.js";

type KindOf<E extends TrainingExample> = E["kind"];

/** Who an example is: the solution that it was made from. */
export interface ExampleName {
  problemId: string;
  index: number;
}

/** Offsets are 32-bit integers. */
const maxTokens = 2 ** 31 - 1;

export class ExampleStore<E extends TrainingExample = TrainingExample> {
  readonly kind: KindOf<E>;
  readonly #names: ExampleName[] = [];
  readonly #problemIds = new Map<string, string>();
  readonly #tokenIds = new GrowingArray(Int32Array);
  readonly #offsets = new GrowingArray(Int32Array);
  /** Reward: offsets of each example's positions. Policy: number of positions before each example. */
  readonly #positionOffsets = new GrowingArray(Int32Array);
  readonly #positions = new GrowingArray(Int32Array);
  /** Reward: one a position. Policy: one an example. */
  readonly #weights = new GrowingArray(Float32Array);
  readonly #labels = new GrowingArray(Float32Array);
  readonly #successRates = new GrowingArray(Float32Array);
  readonly #numCompletions = new GrowingArray(Int32Array);
  /** Policy: the token after the last one of each example. */
  readonly #lastTokens = new GrowingArray(Int32Array);

  constructor(kind: KindOf<E>) {
    this.kind = kind;
    this.#offsets.push(0);
    this.#positionOffsets.push(0);
  }

  /** Number of examples. */
  get size(): number {
    return this.#names.length;
  }

  get numTokens(): number {
    return this.#tokenIds.length;
  }

  get numPositions(): number {
    return this.#positionOffsets.at(this.size);
  }

  /** Tokens of each example: [size]. */
  lengths(): Int32Array {
    return Int32Array.from({ length: this.size }, (_, i) => this.#offsets.at(i + 1) - this.#offsets.at(i));
  }

  /** @throws RangeError for an example that is not there */
  name(i: number): ExampleName {
    const name = this.#names[i];
    if (name === undefined) throw new RangeError(`example ${i} of ${this.size}`);
    return name;
  }

  /** Each problem once, in the order of the examples. */
  problemIds(): string[] {
    return [...this.#problemIds.keys()];
  }

  /** All of the labels, example by example: [numPositions]; empty for a policy. */
  labels(): Float32Array {
    return this.#labels.view();
  }

  /** Sum of the weights of an example's positions. */
  weightOf(i: number): number {
    const [start, end] = [this.#positionOffsets.at(i), this.#positionOffsets.at(i + 1)];
    if (this.kind === "policy") return (end - start) * this.#weights.at(i);
    let sum = 0;
    for (let p = start; p < end; p++) sum += this.#weights.at(p);
    return sum;
  }

  /** Multiplies the weights of every position. */
  scaleWeights(factor: number): void {
    const weights = this.#weights.view();
    for (let p = 0; p < weights.length; p++) weights[p] = (weights[p] as number) * factor;
  }

  /**
   * Copies the example in.
   * @throws ERPRM_INVALID_ARGUMENT when its arrays do not fit each other; for a policy also when the positions are not the
   *   last ones of the sequence, their tokens not those that follow, or their weights not all the same
   */
  add(example: E): void {
    const one: TrainingExample = example;
    checkShape(one, this.kind);
    const { problemId, index, tokenIds, positions, weights } = one;
    if (this.numTokens + tokenIds.length > maxTokens) {
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected at most ${maxTokens} tokens in all examples, received more with solution ${index} of problem ${JSON.stringify(problemId)}`,
        { expected: maxTokens, problemId, index },
      );
    }
    const known = this.#problemIds.get(problemId) ?? problemId;
    this.#problemIds.set(known, known);
    this.#names.push({ problemId: known, index });
    this.#tokenIds.append(tokenIds);
    this.#offsets.push(this.#tokenIds.length);
    this.#positionOffsets.push(this.#positionOffsets.at(this.size - 1) + positions.length);
    if (one.kind === "policy") {
      this.#weights.push(weights[0] as number);
      this.#lastTokens.push(one.tokens.at(-1) as number);
    } else {
      this.#weights.append(weights);
      this.#positions.append(positions);
      this.#labels.append(one.labels);
      this.#successRates.append(one.successRates);
      this.#numCompletions.append(one.numCompletions);
    }
  }

  /** A store of some of the examples, copied, in the order given. @throws RangeError for an example that is not there */
  part(examples: Iterable<number>): ExampleStore<E> {
    const part = new ExampleStore<E>(this.kind);
    for (const i of examples) {
      const { problemId } = this.name(i);
      const [start, end] = [this.#positionOffsets.at(i), this.#positionOffsets.at(i + 1)];
      part.#problemIds.set(problemId, problemId);
      part.#names.push(this.name(i));
      part.#tokenIds.append(this.#tokenIds.view(this.#offsets.at(i), this.#offsets.at(i + 1)));
      part.#offsets.push(part.#tokenIds.length);
      part.#positionOffsets.push(part.#positionOffsets.at(part.size - 1) + end - start);
      if (this.kind === "policy") {
        part.#weights.push(this.#weights.at(i));
        part.#lastTokens.push(this.#lastTokens.at(i));
      } else {
        part.#weights.append(this.#weights.view(start, end));
        part.#positions.append(this.#positions.view(start, end));
        part.#labels.append(this.#labels.view(start, end));
        part.#successRates.append(this.#successRates.view(start, end));
        part.#numCompletions.append(this.#numCompletions.view(start, end));
      }
    }
    return part;
  }

  /** A copy of example i. @throws RangeError for an example that is not there */
  get(i: number): E {
    const name = this.name(i);
    const tokenIds = this.#tokenIds.view(this.#offsets.at(i), this.#offsets.at(i + 1)).slice();
    const [start, end] = [this.#positionOffsets.at(i), this.#positionOffsets.at(i + 1)];
    if (this.kind === "policy") {
      const first = tokenIds.length - (end - start);
      const tokens = new Int32Array(end - start);
      tokens.set(tokenIds.subarray(first + 1));
      tokens[tokens.length - 1] = this.#lastTokens.at(i);
      const positions = tokens.map((_, p) => first + p);
      const weights = new Float32Array(end - start).fill(this.#weights.at(i));
      return {
        kind: "policy",
        ...name,
        tokenIds,
        positions,
        tokens,
        weights,
      } satisfies PolicyExample as TrainingExample as E;
    }
    return {
      kind: "reward",
      ...name,
      tokenIds,
      positions: this.#positions.view(start, end).slice(),
      weights: this.#weights.view(start, end).slice(),
      labels: this.#labels.view(start, end).slice(),
      successRates: this.#successRates.view(start, end).slice(),
      numCompletions: this.#numCompletions.view(start, end).slice(),
    } satisfies RewardExample as TrainingExample as E;
  }
}

function checkShape(example: TrainingExample, kind: TrainingExample["kind"]): void {
  const { tokenIds, positions, weights, problemId, index } = example;
  const fail = (expected: string) => {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected ${expected} in the example of problem ${JSON.stringify(problemId)}, solution ${index}`,
      { name: "example", expected, problemId, index },
    );
  };
  if (example.kind !== kind) fail(`an example for a ${kind} model`);
  if (positions.length === 0) fail("at least one position");
  let before = -1;
  for (const position of positions) {
    if (position >= tokenIds.length || position <= before) fail(`ascending positions below ${tokenIds.length}`);
    before = position;
  }
  if (
    weights.length !== positions.length ||
    weights.some((weight) => !(weight > 0 && weight < Number.POSITIVE_INFINITY))
  ) {
    fail("one weight above 0 a position");
  }
  if (example.kind === "policy") {
    const first = positions[0] as number;
    const { tokens } = example;
    if (tokens.length !== positions.length || first + positions.length !== tokenIds.length) {
      fail("the last positions of the sequence, each with the token that follows,");
    }
    if (tokens.some((token, p) => p + 1 < tokens.length && token !== tokenIds[first + p + 1])) {
      fail("the tokens that follow the positions");
    }
    if (weights.some((weight) => weight !== weights[0])) fail("one weight for all positions");
    return;
  }
  for (const values of [example.labels, example.successRates]) {
    if (values.length !== positions.length || values.some((value) => !(value >= 0 && value <= 1))) {
      fail("one label and one success rate from 0 to 1 a position");
    }
  }
  if (example.numCompletions.length !== positions.length || example.numCompletions.some((count) => count < 1)) {
    fail("one number of completions from 1 a position");
  }
}
