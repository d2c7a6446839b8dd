import { setMaxListeners } from "node:events";
import test from "ava";
import { ModelMemory, type Tenant } from "../../../../src/service/models/model-memory.js";
import { until } from "../../../support/until.js";

const never = new AbortController().signal;
setMaxListeners(0, never);

/** Waits until every promise that can settle has. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

/** Models of a memory that note what is done with them. */
function models(memory: ModelMemory, sizes: Record<string, number>, fail?: (name: string) => void) {
  const done: string[] = [];
  const tenants = Object.fromEntries(
    Object.entries(sizes).map(([name, bytes]) => {
      const tenant: Tenant = {
        ...{ name, bytes },
        load: async () => {
          await turns();
          fail?.(name);
          done.push(`load ${name}`);
        },
        unload: async () => {
          await turns();
          done.push(`unload ${name}`);
        },
      };
      memory.add(tenant);
      return [name, tenant];
    }),
  );
  return { done, tenantOf: (name: string) => tenants[name] as Tenant };
}

test("a model is loaded once for all that use it, and stays until its memory is wanted", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 4, b: 6 });
  const a = tenantOf("a");
  await Promise.all([memory.acquire(a), memory.acquire(a), memory.acquire(a)]);
  for (let i = 0; i < 3; i += 1) memory.release(a);
  await memory.acquire(tenantOf("b"));
  t.deepEqual(done, ["load a", "load b"]);
  t.is(memory.taken, 10);
});

test("the model that was used longest ago makes room, and as few as are needed", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 4, b: 4, c: 2, d: 4 });
  for (const name of ["a", "b", "c", "a"]) {
    await memory.acquire(tenantOf(name));
    memory.release(tenantOf(name));
  }
  await memory.acquire(tenantOf("d"));
  t.deepEqual(done, ["load a", "load b", "load c", "unload b", "load d"]);
  t.true(memory.isLoaded(tenantOf("a")));
});

test("a model in use is never unloaded: who wants its room waits until it is free", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 6, b: 6 });
  await memory.acquire(tenantOf("a"));
  const waiting = memory.acquire(tenantOf("b"));
  await turns();
  t.deepEqual(done, ["load a"]);
  memory.release(tenantOf("a"));
  await waiting;
  t.deepEqual(done, ["load a", "unload a", "load b"]);
  t.is(memory.taken, 6);
});

test("a model that is always in use makes room all the same: what comes for it waits its turn", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 6, b: 6 });
  const [a, b] = [tenantOf("a"), tenantOf("b")];
  const order: string[] = [];
  await memory.acquire(a);
  const forB = memory.acquire(b).then(() => order.push("b"));
  // There is somebody on `a` at any time from here on.
  const forA = memory.acquire(a).then(() => order.push("a"));
  await turns();
  memory.release(a);
  await forB;
  t.deepEqual(order, ["b"]);
  memory.release(b);
  await forA;
  t.deepEqual(done, ["load a", "unload a", "load b", "unload b", "load a"]);
});

test("the bound holds at any time, however uses mix, and nobody waits for ever", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 3, b: 4, c: 5, d: 9 });
  let most = 0;
  const use = async (name: string, uses: number) => {
    for (let i = 0; i < uses; i += 1) {
      await memory.acquire(tenantOf(name));
      most = Math.max(most, memory.taken);
      t.true(memory.isLoaded(tenantOf(name)));
      for (let turn = 0; turn <= i % 3; turn += 1) await turns();
      t.true(memory.isLoaded(tenantOf(name)), `${name} while it is used`);
      memory.release(tenantOf(name));
    }
  };
  await Promise.all(["a", "b", "c", "d"].flatMap((name) => [use(name, 25), use(name, 10)]));
  t.true(most <= 10, `${most} bytes`);
  t.true(done.length > 10);
});

test("who gives up waiting holds nothing, and the models that were to go stay", async (t) => {
  const memory = new ModelMemory(10);
  const { done, tenantOf } = models(memory, { a: 6, b: 6 });
  await memory.acquire(tenantOf("a"));
  const leaving = new AbortController();
  const waiting = memory.acquire(tenantOf("b"), leaving.signal);
  leaving.abort();
  await t.throwsAsync(waiting, { code: "ERPRM_ABORTED" });
  await memory.acquire(tenantOf("a"), never);
  memory.release(tenantOf("a"));
  memory.release(tenantOf("a"));
  await turns();
  t.deepEqual(done, ["load a"]);
  await t.throwsAsync(memory.acquire(tenantOf("a"), leaving.signal), { code: "ERPRM_ABORTED" });
});

test("a model that cannot be loaded fails those who wait for it and no others, and is tried again", async (t) => {
  let isBroken = true;
  const memory = new ModelMemory(10);
  const { tenantOf } = models(memory, { a: 6, b: 6 }, (name) => {
    if (name === "a" && isBroken) throw new Error("no weights");
  });
  const both = [memory.acquire(tenantOf("a")), memory.acquire(tenantOf("a"))];
  const other = memory.acquire(tenantOf("b"));
  for (const one of both) await t.throwsAsync(one, { message: "no weights" });
  await other;
  memory.release(tenantOf("b"));
  isBroken = false;
  await memory.acquire(tenantOf("a"));
  t.true(memory.isLoaded(tenantOf("a")));
  await until(() => memory.taken === 6);
});

test("a model that does not fit even alone is refused by its name and its bytes", (t) => {
  const memory = new ModelMemory(10);
  const error = t.throws(() => models(memory, { large: 11 }), { code: "ERPRM_OUT_OF_MEMORY" });
  t.like(error, { details: { name: "large", requestedBytes: 11, freeBytes: 10 } });
  t.regex(error?.message ?? "", /"large".* 11 bytes.* 10 bytes/);
});
