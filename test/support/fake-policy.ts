/**
 * A policy without a model: the real Policy, tokenizer and prompts over a native side that writes short arithmetic
 * solutions. As in the engine, a completion is a function of its coordinates alone; when it arrives is not.
 */
import { createHash } from "node:crypto";
import type {
  EngineStats,
  NativePolicy,
  NativeRolloutRequest,
  NativeRolloutResult,
} from "../../src/native/contract.js";
import { Policy } from "../../src/policy/policy.js";
import { renderPrompt } from "../../src/text/prompt.js";
import type { TextModel } from "../../src/text/text-model.js";
import { createTokenizer } from "../../src/text/tokenizer.js";
import { byteTokenizerJson } from "./byte-tokenizer.js";

export const endToken = 256;
const vocabularySize = 288;

export interface FakeOptions {
  maxBatch?: number;
  contextLength?: number;
  /** Milliseconds until the request with this number (in order of arrival) is answered. Default: up to 3, shuffled. */
  delayMs?: (requestNumber: number) => number;
  /** Completions end with the request's stop texts, as the engine's do; default false. */
  stopAtTexts?: boolean;
  /** What a completion says; default: an arithmetic solution whose answer is 4 or 5. */
  write?: (bytes: Buffer, request: NativeRolloutRequest) => string;
  /** ln p of every token of a sequence, where somebody asks; default 0. */
  tokenLogProbability?: number;
  onDispose?: () => void;
}

/** 32 bytes that stand for the completion's random stream. */
function streamOf(request: NativeRolloutRequest, group: number, completion: number): Buffer {
  const coordinates = [
    request.seed,
    request.problemKey,
    request.solutionIndices[group],
    request.stepIndices[group],
    (request.firstCompletions[group] as number) + completion,
    request.temperature,
    // What a model would condition on.
    Buffer.from(request.trunk.subarray(0, request.prefixLengths[group]).buffer).toString("base64"),
  ];
  return createHash("sha256").update(coordinates.map(String).join("|")).digest();
}

function arithmetic(bytes: Buffer): string {
  const numSteps = (bytes[0] as number) % 4;
  const steps = Array.from({ length: numSteps }, (_, i) => `We add ${bytes[i + 1]} and go on.\n`);
  return `${steps.join("")}The answer is ${(bytes[8] as number) % 2 === 0 ? 4 : 5}.`;
}

/** The bytes up to and with the first stop text that ends in them; undefined when none does. */
function upToStop(bytes: Buffer, { stopBytes, stopBytesOffsets }: NativeRolloutRequest): Buffer | undefined {
  const ends = Array.from(stopBytesOffsets.subarray(1), (end, i) => {
    const stop = Buffer.from(stopBytes.subarray(stopBytesOffsets[i], end));
    const at = bytes.indexOf(stop);
    return at < 0 ? Number.POSITIVE_INFINITY : at + stop.length;
  });
  const first = Math.min(...ends);
  return Number.isFinite(first) ? bytes.subarray(0, first) : undefined;
}

export class FakeNative implements NativePolicy {
  readonly requests: NativeRolloutRequest[] = [];
  readonly cancelled: number[] = [];
  disposals = 0;
  /** Completions of the requests that are not answered yet, now and at most. */
  inFlight = 0;
  mostInFlight = 0;
  readonly #options: FakeOptions;
  readonly #rejects = new Map<number, (error: unknown) => void>();
  readonly #counts = { promptTokens: 0, completionTokens: 0, completions: 0 };

  constructor(options: FakeOptions) {
    this.#options = options;
  }

  setTokenBytes(): void {}

  async rollout(request: NativeRolloutRequest): Promise<NativeRolloutResult> {
    const number = this.requests.push(request) - 1;
    const size = request.numCompletions.reduce((sum, count) => sum + count, 0);
    this.inFlight += size;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const delayMs = this.#options.delayMs?.(number) ?? (number * 7) % 4;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#rejects.set(request.id, reject);
        setTimeout(resolve, delayMs);
      });
    } finally {
      this.#rejects.delete(request.id);
      this.inFlight -= size;
    }
    return this.#answer(request);
  }

  #answer(request: NativeRolloutRequest): NativeRolloutResult {
    const write = this.#options.write ?? arithmetic;
    const rows: number[][] = [];
    const reasons: number[] = [];
    for (const [group, count] of request.numCompletions.entries()) {
      for (let completion = 0; completion < count; completion += 1) {
        const text = write(streamOf(request, group, completion), request);
        const stopped = this.#options.stopAtTexts ? upToStop(Buffer.from(text), request) : undefined;
        const whole = stopped ? [...stopped] : [...Buffer.from(text), ...request.stopTokens.slice(0, 1)];
        const room = (this.#options.contextLength ?? 4096) - (request.prefixLengths[group] as number);
        const row = whole.slice(0, Math.min(request.maxTokens, room));
        rows.push(row);
        reasons.push(row.length === whole.length ? 0 : 1);
      }
    }
    const offsets = new Int32Array(rows.length + 1);
    for (const [i, row] of rows.entries()) offsets[i + 1] = (offsets[i] as number) + row.length;
    const values = Int32Array.from(rows.flat());
    this.#counts.promptTokens += request.trunk.length;
    this.#counts.completionTokens += values.length;
    this.#counts.completions += rows.length;
    return {
      values,
      offsets,
      logProbabilities: new Float32Array(values.length).fill(-0.5),
      finishReasons: Uint8Array.from(reasons),
    };
  }

  cancel(id: number): void {
    this.cancelled.push(id);
    this.#rejects.get(id)?.(Object.assign(new Error("cancelled"), { code: "ERPRM_ABORTED", details: {} }));
  }

  async logProbabilities(values: Int32Array): Promise<Float32Array> {
    return new Float32Array(values.length).fill(this.#options.tokenLogProbability ?? 0);
  }

  async logits(): Promise<Float32Array> {
    throw new Error("a fake policy has no logits");
  }

  stats(): EngineStats {
    const none = { recomputedTokens: 0, iterations: 0, running: 0, waiting: 0, kvBytes: 0, kvBytesPeak: 0 };
    return { ...none, ...this.#counts, busySeconds: 0.001 };
  }

  async dispose(): Promise<void> {
    this.disposals += 1;
    this.#options.onDispose?.();
  }
}

export async function makeTextModel(): Promise<TextModel> {
  const tokenizer = await createTokenizer(byteTokenizerJson(vocabularySize), "tokenizer.json");
  const applyChatTemplate = (): string => {
    throw new Error("a fake policy has no chat template");
  };
  return {
    tokenizer: Object.assign(tokenizer, { applyChatTemplate }),
    renderPrompt: (options) => renderPrompt(undefined, options),
    encodePrompt: (text) => tokenizer.encode(text, { addSpecialTokens: false }),
    stopTokenIds: [endToken],
    hasChatTemplate: false,
  };
}

export async function makeFakePolicy(options: FakeOptions = {}): Promise<{ policy: Policy; native: FakeNative }> {
  const native = new FakeNative(options);
  const policy = new Policy(native, {
    text: await makeTextModel(),
    contextLength: options.contextLength ?? 4096,
    vocabularySize,
    maxBatch: options.maxBatch ?? 4,
    fingerprint: "f".repeat(64),
  });
  return { policy, native };
}

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
