/** The server is killed in the middle of a stream; a client that goes on behind its last result gets every score once. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "./server.mjs";

const solutions = Array.from({ length: 3000 }, (_, i) => ({
  problemId: `p${i}`,
  index: 0,
  question: `What is ${i} + ${i}?`,
  steps: [`${i} + ${i} = ${2 * i}.\n`, `The answer is ${2 * i}.`],
}));

/** Tries again for as long as a loaded machine takes to drain and to start a server. */
const newClient = async (server) => {
  const { ServiceClient } = await import("../../../dist/src/index.js");
  return new ServiceClient({ url: server.url, maxRetries: 1000 });
};

async function scoreAll(server, results) {
  for await (const result of (await newClient(server)).scoreStream(solutions.slice(results.length))) {
    if ("error" in result) throw result.error;
    results.push([result.problemId, result.stepScores]);
  }
}

export function kills(numKills) {
  return [
    {
      name: `SIGKILL ${numKills} times in the middle of a stream`,
      run: async (server) => {
        const expected = [];
        const startedAt = performance.now();
        await scoreAll(server, expected);
        const wholeMs = performance.now() - startedAt;
        let results = [];
        let numDone = 0;
        let numWhole = 0;
        while (numDone < numKills) {
          const working = scoreAll(server, results).then(
            () => true,
            () => false,
          );
          await sleep(Math.random() * wholeMs);
          await server.kill("SIGKILL");
          numDone += 1;
          if (await working) {
            expect(JSON.stringify(results) === JSON.stringify(expected), "the scores of an undisturbed stream");
            numWhole += 1;
            results = [];
          }
          await server.restart();
        }
        await scoreAll(server, results);
        expect(JSON.stringify(results) === JSON.stringify(expected), "the scores of an undisturbed stream");
        return `${numWhole + 1} times all ${expected.length} solutions once, in order, with the same scores`;
      },
    },
    {
      name: "SIGTERM in the middle of requests",
      run: async (server) => {
        const items = solutions.slice(0, 1000);
        const client = await newClient(server);
        const asked = Array.from({ length: 4 }, () => client.scoreMany(items).then(({ length }) => length));
        const answers = Promise.all(asked);
        // It is waited for below; until then a failure is nobody's.
        answers.catch(() => {});
        await sleep(20);
        const code = await server.kill("SIGTERM");
        expect(code === 0, `exit code 0, received ${code}`);
        // The client tries again what was refused, and has to find the server again.
        await server.restart();
        for (const count of await answers) expect(count === items.length, `all scores, received ${count}`);
        return "exit code 0, every request was answered";
      },
    },
  ];
}
