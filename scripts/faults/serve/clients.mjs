/** Clients that are slow, silent, gone or many. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, solution } from "./server.mjs";

const shortPatience = ["--client-timeout", "2"];
const body = JSON.stringify(solution);
const head = `POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;

/** A connection; `text` is what came back so far. */
async function open(server) {
  const socket = connect(server.port, "127.0.0.1");
  const client = { socket, text: "", closed: new Promise((resolve) => socket.once("close", resolve)) };
  socket.on("error", () => {});
  socket.setEncoding("utf8").on("data", (text) => {
    client.text += text;
  });
  await once(socket, "connect");
  return client;
}

const openMany = (server, count) => Promise.all(Array.from({ length: count }, () => open(server)));

export const clients = [
  {
    name: "100 clients that send a byte a second",
    args: shortPatience,
    run: async (server) => {
      const slow = await openMany(server, 100);
      for (const { socket } of slow) socket.write(head);
      for (let second = 0; second < 3; second += 1) {
        for (const { socket } of slow) if (!socket.destroyed) socket.write(body[second]);
        const { status } = await server.post(solution);
        expect(status === 200, `others to be answered, received ${status}`);
        await sleep(1000);
      }
      await Promise.all(slow.map(({ closed }) => closed));
      const numTold = slow.filter(({ text }) => text.startsWith("HTTP/1.1 408 ")).length;
      expect(numTold === 100, `100 answers 408, received ${numTold}`);
      return "408 each, others were answered";
    },
  },
  {
    name: "100 clients that say nothing",
    args: shortPatience,
    run: async (server) => {
      const silent = await openMany(server, 100);
      await Promise.all(silent.map(({ closed }) => closed));
      return "closed";
    },
  },
  {
    name: "20 streams that nobody reads",
    args: shortPatience,
    run: async (server) => {
      const line = `${JSON.stringify({ problemId: "p".repeat(900), question: "x", steps: [""] })}\n`;
      const chunk = `${(line.length * 1000).toString(16)}\r\n${line.repeat(1000)}\r\n`;
      const readers = await openMany(server, 20);
      for (const { socket } of readers) {
        socket.pause();
        socket.write(
          "POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        for (let i = 0; i < 20; i += 1) socket.write(chunk);
      }
      const before = server.residentBytes();
      await sleep(1000);
      expect(server.residentBytes() - before < 512 * 2 ** 20, "memory to stay bounded");
      expect((await server.post(solution)).status === 200, "others to be answered");
      // Paused, they do not see their end; the server does.
      for (const { socket } of readers) socket.destroy();
      return "held up by their connections, others were answered";
    },
  },
  {
    name: "4 streams of completions that nobody reads",
    args: ["--policy", "builtin:tiny", "--max-unread", "256KiB"],
    run: async (server) => {
      // More than what the connections hold: each token comes with twenty others.
      const wanted = { prompt: "1", n: 64, max_tokens: 400, ignore_eos: true, logprobs: 20, stream: true };
      const text = JSON.stringify(wanted);
      const readers = await openMany(server, 4);
      for (const { socket } of readers) {
        socket.pause();
        socket.write(
          `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
        );
      }
      const metric = (name) => server.metric(`erprm_completions_${name}`);
      const until = performance.now() + 120_000;
      while (!((await metric("abandoned_total")) > 0) && performance.now() < until) await sleep(100);
      const left = async () => (await metric("running")) + (await metric("waiting"));
      while ((await left()) > 0 && performance.now() < until) await sleep(100);
      expect((await left()) === 0, "no completion to be sampled any more");
      const numGivenUp = await metric("abandoned_total");
      const total = readers.length * wanted.n;
      expect(numGivenUp > total / 2, `most of ${total} completions to be given up, received ${numGivenUp}`);
      expect((await server.post(solution)).status === 200, "others to be answered");
      for (const { socket } of readers) socket.destroy();
      return `${numGivenUp} of ${total} completions given up, others were answered`;
    },
  },
  {
    name: "2,000 connections with a request each",
    run: async (server) => {
      const many = await openMany(server, 2000);
      for (const { socket } of many) socket.write(head + body);
      const until = performance.now() + 120_000;
      const statusOf = ({ text }) => /^HTTP\/1\.1 (\d+)[\s\S]*\r\n\r\n[\s\S]*\}$/.exec(text)?.[1];
      while (many.some((client) => statusOf(client) === undefined) && performance.now() < until) await sleep(50);
      const counts = {};
      for (const client of many) counts[statusOf(client)] = (counts[statusOf(client)] ?? 0) + 1;
      for (const { socket } of many) socket.destroy();
      expect((counts[200] ?? 0) + (counts[429] ?? 0) === 2000, `200 or 429 each, received ${JSON.stringify(counts)}`);
      return JSON.stringify(counts);
    },
  },
  {
    name: "500 clients that go away in the middle",
    run: async (server) => {
      const several = JSON.stringify({ items: Array(50).fill(solution) });
      const request = `POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${several.length}\r\n\r\n${several}`;
      for (let i = 0; i < 500; i += 1) {
        const { socket } = await open(server);
        socket.write(request.slice(0, 1 + Math.floor(Math.random() * 1.5 * request.length)));
        await sleep(Math.random() * 5);
        socket.destroy();
      }
      const until = performance.now() + 30_000;
      while ((await server.metric("erprm_queue_solutions")) > 0 && performance.now() < until) await sleep(50);
      expect((await server.metric("erprm_queue_solutions")) === 0, "an empty queue");
      return "the queue is empty";
    },
  },
];
