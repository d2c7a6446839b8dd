/** Bodies without end, and nonsense: each has its answer, and the server's memory stays where it was. */
import { expect, sendAll, solution } from "./server.mjs";

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

function* repeated(bytes) {
  const chunk = Buffer.alloc(mebibyte, "x");
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
}

/** Most bytes that a fault may add. */
const allowance = 256 * mebibyte;

async function bounded(server, work) {
  const before = server.residentBytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, server.residentBytes());
  }, 20);
  const found = await work().finally(() => clearInterval(timer));
  const added = Math.round((most - before) / mebibyte);
  expect(most - before < allowance, `less than ${allowance / mebibyte} MiB more memory, saw ${added}`);
  return `${found}, ${Math.max(0, added)} MiB more memory`;
}

async function answer(server, body, statuses) {
  const { status } = await server.post(body);
  expect(statuses.includes(status), `status ${statuses}, received ${status}`);
  return String(status);
}

export const badInput = [
  {
    name: "1 GiB in one body, announced",
    run: (server) =>
      bounded(server, async () => {
        const sending = server.open("application/json", { "content-length": String(gibibyte) });
        const { status } = await sendAll(sending, repeated(gibibyte));
        expect(status === 413, `413, received ${status}`);
        return "413";
      }),
  },
  {
    name: "1 GiB in one body, not announced",
    run: (server) =>
      bounded(server, async () => {
        const { status } = await sendAll(server.open(), repeated(gibibyte));
        expect(status === 413, `413, received ${status}`);
        return "413";
      }),
  },
  {
    name: "1 GiB in one line of a stream",
    run: (server) =>
      bounded(server, async () => {
        const good = Buffer.from(`\n${JSON.stringify(solution)}\n`);
        const chunks = (function* () {
          yield* repeated(gibibyte);
          yield good;
        })();
        const { status, text } = await sendAll(server.open("application/x-ndjson"), chunks);
        const [tooLong, scored] = text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        expect(status === 200 && tooLong.line === 1 && scored.stepScores.length === 2, `an error and scores: ${text}`);
        return "an error line, then scores";
      }),
  },
  { name: "4 million brackets", run: (server) => answer(server, `${"[".repeat(4e6)}${"]".repeat(4e6)}`, [400]) },
  {
    name: "4 million brackets in a step",
    run: (server) => answer(server, `{"question":"x","steps":${"[".repeat(3.9e6)}${"]".repeat(3.9e6)}}`, [400]),
  },
  {
    name: "a million empty steps",
    run: (server) => answer(server, { question: "x", steps: Array(1e6).fill("") }, [422]),
  },
  { name: "an 8 MiB question", run: (server) => answer(server, { question: "x".repeat(8e6), steps: ["x"] }, [422]) },
  { name: "no UTF-8", run: (server) => answer(server, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), [400]) },
  { name: "NaN", run: (server) => answer(server, '{"question":"x","steps":[NaN]}', [400]) },
];
