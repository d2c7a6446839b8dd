/** The models of a service by name. A request may leave the name out where there is one model of the kind. */
import { ErprmError } from "../errors.js";
import type { Policy } from "../policy/policy.js";
import type { RewardModel } from "../reward/reward-model.js";

/** A model under a name. Whether it is in memory between two uses is its own matter. */
export interface ServedModel<M> {
  /** What requests call it. */
  name: string;
  /** When it was added, seconds since 1970. */
  created: number;
  /** Whether it can be used at once; readiness asks. */
  ready(): boolean;
  /** The model stays loaded until `work` has ended. @throws as loading it and as `work`; ERPRM_ABORTED */
  use<T>(work: (model: M) => Promise<T> | T, signal?: AbortSignal): Promise<T>;
  /** What `GET /v1/models` says of it, beside name and kind. */
  facts(): Record<string, unknown>;
  dispose(): Promise<void>;
}

export interface ServedPolicy extends ServedModel<Policy> {
  kind: "policy";
}

export interface ServedRewardModel extends ServedModel<RewardModel> {
  kind: "reward-model";
}

export type AnyServedModel = ServedPolicy | ServedRewardModel;
export type ModelKind = AnyServedModel["kind"];
export type ServedOfKind<K extends ModelKind> = Extract<AnyServedModel, { kind: K }>;

/** A model that is loaded and stays so. The caller keeps what it gave: `dispose` frees it. */
export function loadedModel<M extends { dispose(): Promise<void> }>(
  name: string,
  model: M,
  facts: () => Record<string, unknown> = () => ({}),
): ServedModel<M> {
  return {
    name,
    created: Math.floor(Date.now() / 1000),
    ready: () => true,
    use: async (work) => work(model),
    facts,
    dispose: () => model.dispose(),
  };
}

export class ModelRegistry {
  readonly #models = new Map<string, AnyServedModel>();

  /** @throws ERPRM_INVALID_ARGUMENT for a name that is taken */
  add(model: AnyServedModel): void {
    if (this.#models.has(model.name)) {
      const name = JSON.stringify(model.name);
      throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected names of models to be unique, received ${name} twice`, {
        name: "model",
      });
    }
    this.#models.set(model.name, model);
  }

  all(): AnyServedModel[] {
    return [...this.#models.values()];
  }

  /** @throws ERPRM_NOT_FOUND {field: "model"} that names those there are */
  find<K extends ModelKind>(kind: K, name?: string): ServedOfKind<K> {
    const ofKind = this.all().filter((model): model is ServedOfKind<K> => model.kind === kind);
    const found = name === undefined ? (ofKind.length === 1 ? ofKind[0] : undefined) : this.#models.get(name);
    if (found?.kind === kind) return found as ServedOfKind<K>;
    const what = kind === "policy" ? "policy" : "reward model";
    const names = ofKind.map((model) => model.name).join(", ");
    const there = names === "" ? `This server has no ${what}` : `Expected model to name a ${what} (${names})`;
    // Told back only as far as a name goes.
    const received = name === undefined ? "none" : JSON.stringify(name.slice(0, 100));
    throw new ErprmError("ERPRM_NOT_FOUND", `${there}, received ${received}`, { field: "model" });
  }

  async dispose(): Promise<void> {
    await Promise.all(this.all().map((model) => model.dispose()));
  }
}
