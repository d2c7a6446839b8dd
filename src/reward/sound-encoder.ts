/**
 * What a reward model reads of a solution, or why it should not: it does not fit into the context, or would be read in another
 * way than it was written. For this neither weights nor an engine are needed.
 */
import { ErprmError } from "../errors.js";
import { defaultStepRule, type StepRule } from "../text/step-rule.js";
import type { TextModel } from "../text/text-model.js";
import type { RewardModelConfig } from "./convention.js";
import { type EncodedSteps, type StepEncoder, type StepText, stepEncoder } from "./encode-steps.js";
import { oddText } from "./odd-text.js";

export interface SoundEncoderParts {
  text: TextModel;
  config: RewardModelConfig;
  /** Tokens of a solution with its prompt, at most. */
  contextLength: number;
  /** How steps were cut. Default `auto`. */
  split?: StepRule | undefined;
}

export class SoundEncoder {
  readonly #parts: SoundEncoderParts;
  readonly #encoder: StepEncoder;

  /** @throws as `stepEncoder` */
  constructor(parts: SoundEncoderParts) {
    this.#parts = parts;
    this.#encoder = stepEncoder(parts.text, parts.config.convention, parts.split ?? defaultStepRule);
  }

  /** See `RewardModel.unfit`. */
  unfit(solution: StepText): string | undefined {
    const encoded = this.encodeSound(solution);
    return typeof encoded === "string" ? encoded : undefined;
  }

  /** The reason where it is unfit. @throws what is no fault of the solution */
  encodeSound({ question, steps }: StepText): EncodedSteps | string {
    if (steps.length === 0) return "it has no steps";
    try {
      const encoded = this.encode({ question, steps, what: "the solution" });
      return oddText(steps, encoded, this.#parts.config.convention)?.found ?? encoded;
    } catch (error) {
      if (error instanceof ErprmError && error.code === "ERPRM_INVALID_DATA") return error.message;
      throw error;
    }
  }

  /** @throws as `StepEncoder.encode`, naming the solution; ERPRM_INVALID_DATA for one that is longer than the context */
  encode({ question, steps, what }: StepText & { what: string }): EncodedSteps {
    let encoded: EncodedSteps;
    try {
      encoded = this.#encoder.encode({ question, steps });
    } catch (error) {
      if (!(error instanceof ErprmError)) throw error;
      throw new ErprmError(error.code, `${error.message}, in ${what}`, error.details, error);
    }
    return this.expectFits(encoded, what);
  }

  /** @throws ERPRM_INVALID_DATA for more tokens than the context has */
  expectFits(encoded: EncodedSteps, what: string): EncodedSteps {
    const numTokens = encoded.tokenIds.length;
    const { contextLength } = this.#parts;
    if (numTokens > contextLength) {
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected ${what} to fit into the context of ${contextLength} tokens, received ${numTokens} tokens with its prompt`,
        { field: "steps", received: numTokens, contextLength },
      );
    }
    return encoded;
  }
}
