import test from "ava";
import { startServer } from "../../bench/server-process.js";

test("a server is there when it says where, and is asked by its process id", async (t) => {
  const program = "console.log(JSON.stringify({ url: 'http://127.0.0.1:1' })); setInterval(() => {}, 1000)";
  const { url, pid } = await startServer("server", [process.execPath, "-e", program]);
  t.is(url, "http://127.0.0.1:1");
  t.true(process.kill(pid, "SIGKILL"));
});

test("a server that ends before it is ready tells why, and so does one that cannot be started", async (t) => {
  const program = "console.error('no such model'); process.exit(3)";
  await t.throwsAsync(startServer("server", [process.execPath, "-e", program]), {
    message: /server ended before it was ready:\nno such model/,
  });
  await t.throwsAsync(startServer("server", ["./no-such-program"]), { code: "ENOENT" });
});
