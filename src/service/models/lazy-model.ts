/** Models that are in memory while they are used, and as long after as their memory is not wanted for others. */
import { ErprmError } from "../../errors.js";
import { type ResidentBytes, totalBytes } from "../../model/resident-bytes.js";
import { httpStatusOf } from "../http-status.js";
import type { ServedModel } from "../models.js";
import type { ModelMemory } from "./model-memory.js";

/** A model that was found and checked. */
export interface OpenedModel<M> {
  memory?: ResidentBytes;
  load(): Promise<M>;
}

export interface LazyModel<M> extends ServedModel<M> {
  /** At the start: loads it where there is room beside those that are loaded; otherwise it waits for its first use. @throws what loading throws */
  load(signal?: AbortSignal): Promise<void>;
}

function measuresOf(memory: ResidentBytes | undefined) {
  if (memory === undefined) return { bytes: 0 };
  const { weights, keysAndValues, buffers } = memory;
  const parts = `weights ${weights}, keys and values ${keysAndValues}, buffers ${buffers}`;
  return { bytes: totalBytes(memory), parts };
}

/** Whatever is wrong with its files is no fault of the request that wanted it, and none of that client's business. */
function loadingError(error: unknown): unknown {
  if (!(error instanceof ErprmError) || httpStatusOf(error) >= 500) return error;
  return new ErprmError(error.code, error.message, { ...error.details, status: 500 }, error);
}

/**
 * @param facts what is told of it, whether it is loaded or not
 * @throws ERPRM_OUT_OF_MEMORY for a model that does not fit into the memory even alone
 */
export function lazyModel<M extends { dispose(): Promise<void> }>(
  name: string,
  opened: OpenedModel<M>,
  memory: ModelMemory,
  facts: Record<string, unknown> = {},
): LazyModel<M> {
  let model: M | undefined;
  let isStarted = false;
  let isDisposed = false;
  const unload = async () => {
    const gone = model;
    model = undefined;
    await gone?.dispose();
  };
  const tenant = {
    name,
    ...measuresOf(opened.memory),
    load: async () => {
      try {
        model = await opened.load();
      } catch (error) {
        throw loadingError(error);
      }
      // The service ended while the weights were read.
      if (isDisposed) await unload();
    },
    unload,
  };
  memory.add(tenant);
  const current = (): M => {
    if (model !== undefined) return model;
    throw new ErprmError("ERPRM_DISPOSED", `Expected the model ${name} in use, received one that was disposed`);
  };
  const use = async <T>(work: (model: M) => Promise<T> | T, signal?: AbortSignal): Promise<T> => {
    await memory.acquire(tenant, signal);
    try {
      return await work(current());
    } finally {
      memory.release(tenant);
    }
  };
  return {
    name,
    created: Math.floor(Date.now() / 1000),
    // One that was unloaded for another is ready: it is loaded when it is asked for.
    ready: () => isStarted && !isDisposed,
    use,
    load: async (signal) => {
      if (memory.hasRoom(tenant)) await use(() => undefined, signal);
      isStarted = true;
    },
    facts: () => ({ ...facts, loaded: memory.isLoaded(tenant), memory_bytes: tenant.bytes }),
    async dispose() {
      isDisposed = true;
      await unload();
    },
  };
}
