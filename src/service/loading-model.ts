/** A model that is loaded once and stays so; who asks for it before that waits. */
import type { ServedModel } from "./models.js";

export interface LoadingModel<M> extends ServedModel<M> {
  /** Begins to load; the same promise at every call. @throws what loading throws */
  load(): Promise<void>;
}

export function loadingModel<M extends { dispose(): Promise<void> }>(
  name: string,
  load: () => Promise<M>,
  facts: (model: M) => Record<string, unknown>,
): LoadingModel<M> {
  let loading: Promise<M> | undefined;
  let loaded: M | undefined;
  const get = () => {
    loading ??= load().then((model) => {
      loaded = model;
      return model;
    });
    return loading;
  };
  return {
    name,
    created: Math.floor(Date.now() / 1000),
    ready: () => loaded !== undefined,
    load: async () => {
      await get();
    },
    use: async (work) => work(await get()),
    facts: () => (loaded === undefined ? {} : facts(loaded)),
    dispose: async () => {
      await (await loading?.catch(() => undefined))?.dispose();
    },
  };
}
