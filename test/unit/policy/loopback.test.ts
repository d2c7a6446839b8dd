import test from "ava";
import { isLoopback } from "../../../src/policy/loopback.js";

test("an address is a loopback one when only this machine can reach it", (t) => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1"]) t.true(isLoopback(host), host);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "example.org", "localhost.example.org", ""]) {
    t.false(isLoopback(host), host);
  }
});
