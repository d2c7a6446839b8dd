import test from "ava";
import { readDocument } from "../support/markdown.js";

interface Locked {
  dev?: boolean;
  engines?: { node?: string };
}

/** Of `>=20`, `^20.19.0 || >= 22.x`, `18 || 20`: does one of the alternatives take this version or an earlier one of its major? */
function takes(range: string, [major, minor]: readonly [number, number]): boolean {
  return range.split("||").some((one) => {
    const [, operator = "", from = "", at = "0"] = /^\s*(>=|>|\^|~)?\s*v?(\d+|\*)(?:\.(\d+))?/.exec(one) ?? [];
    if (from === "*") return true;
    if (Number(from) === major) return Number(at) <= minor;
    return operator.startsWith(">") && Number(from) < major;
  });
}

test("every package that erprm installs takes the oldest Node that erprm takes", (t) => {
  const { engines } = JSON.parse(readDocument("package.json")) as { engines: { node: string } };
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
  const oldest = [Number(major), Number(minor)] as const;
  const { packages } = JSON.parse(readDocument("package-lock.json")) as { packages: Record<string, Locked> };
  const needed = Object.entries(packages).filter(([, { dev, engines: wanted }]) => !dev && wanted?.node !== undefined);
  t.true(needed.length > 20);
  const refused = needed.filter(([, { engines: wanted }]) => !takes(wanted?.node as string, oldest));
  t.deepEqual(
    refused.map(([name, { engines: wanted }]) => `${name} ${wanted?.node}`),
    [],
  );
});

test("ranges of engines are read as npm reads them", (t) => {
  const node = [20, 19] as const;
  for (const range of [">=20", ">= 18.x", "^20.19.0 || >=22.12", "18 || 20 || >=22", "*", ">=6"]) {
    t.true(takes(range, node), range);
  }
  for (const range of [">= 22.x", ">=22", "^18", "^20.20.0 || >=22", "18 || 22"]) t.false(takes(range, node), range);
});
