import test from "ava";
import { rankPlace } from "../../../../src/training/distributed/rank-place.js";

const environment = { RANK: "1", WORLD_SIZE: "4", MASTER_ADDR: "node0", MASTER_PORT: "29500" };

test("without WORLD_SIZE, or with one of 1, a process is alone, whatever else is set", (t) => {
  t.is(rankPlace({}), undefined);
  t.is(rankPlace({ RANK: "3", MASTER_PORT: "nonsense" }), undefined);
  t.is(rankPlace({ WORLD_SIZE: "1", RANK: "0" }), undefined);
});

test("four variables say where a process is; it has its machine to itself", (t) => {
  t.deepEqual(rankPlace(environment), {
    rank: 1,
    size: 4,
    localSize: 1,
    storeHost: "node0",
    storePort: 29_500,
    storeIsThere: false,
    prefix: "erprm/none/0",
  });
});

test("torchrun runs the store, names the run, and counts the attempts: none meets an earlier one", (t) => {
  const torchrun = { TORCHELASTIC_USE_AGENT_STORE: "True", TORCHELASTIC_RUN_ID: "job7", LOCAL_WORLD_SIZE: "2" };
  const place = rankPlace({ ...environment, ...torchrun, TORCHELASTIC_RESTART_COUNT: "3" });
  t.like(place, { storeIsThere: true, prefix: "erprm/job7/3", localSize: 2 });
});

test("a variable that is missing or no number in range is named", (t) => {
  const refused: [Record<string, string | undefined>, RegExp][] = [
    [{ WORLD_SIZE: "0" }, /^Expected WORLD_SIZE to be an integer from 1 to 4096 .*received "0"/],
    [{ WORLD_SIZE: "two" }, /^Expected WORLD_SIZE/],
    [{ RANK: undefined }, /^Expected RANK to be an integer from 0 to 3 .*received undefined/],
    [{ RANK: "4" }, /^Expected RANK .*received "4"/],
    [{ RANK: "-1" }, /^Expected RANK/],
    [{ MASTER_ADDR: undefined }, /^Expected MASTER_ADDR to be the address of rank 0, as WORLD_SIZE is 4/],
    [{ MASTER_ADDR: "" }, /^Expected MASTER_ADDR/],
    [{ MASTER_PORT: "65536" }, /^Expected MASTER_PORT to be an integer from 1 to 65535/],
    [{ LOCAL_WORLD_SIZE: "5" }, /^Expected LOCAL_WORLD_SIZE to be an integer from 1 to 4/],
  ];
  for (const [change, message] of refused) {
    t.throws(() => rankPlace({ ...environment, ...change }), { code: "ERPRM_INVALID_ARGUMENT", message });
  }
});
