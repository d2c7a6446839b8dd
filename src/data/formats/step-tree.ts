/**
 * Solutions out of trees of steps: each path from the root to a leaf is one.
 */
import type { Fields } from "../fields.js";
import { joinable } from "./format.js";

export interface TreePath {
  steps: string[];
  /** The value of the prefix that ends with each step. */
  values: number[];
}

/** `root` is the question: its text is no step. Nodes are {text, mc_value, children}. */
export function pathsOfTree(root: Fields): TreePath[] {
  const paths: TreePath[] = [];
  // Without recursion: a chain of steps may be deeper than the stack.
  const open = childrenOf(root).map((node) => ({ node, before: [] as Fields[] }));
  open.reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const path = [...next.before, next.node];
    const children = childrenOf(next.node);
    for (const node of children.reverse()) open.push({ node, before: path });
    if (children.length === 0) {
      paths.push({ steps: joinable(path.map((node) => node.text("text"))), values: path.map(mcValueOf) });
    }
  }
  return paths;
}

/** Nodes are {solution_prefix, mc_value} in any order; a prefix is the child of the longest other one it begins with. */
export function pathsOfPrefixes(nodes: readonly Fields[]): TreePath[] {
  const values = new Map<string, number>();
  for (const node of nodes) {
    const prefix = node.text("solution_prefix");
    if (!values.has(prefix)) values.set(prefix, mcValueOf(node));
  }
  const prefixes = [...values.keys()];
  const isLeaf = (prefix: string) =>
    !prefixes.some((other) => other.length > prefix.length && other.startsWith(prefix));
  return prefixes.filter(isLeaf).map((leaf) => {
    const path = prefixes.filter((prefix) => leaf.startsWith(prefix)).sort((a, b) => a.length - b.length);
    return {
      steps: path.map((prefix, i) => prefix.slice(path[i - 1]?.length ?? 0)),
      values: path.map((prefix) => values.get(prefix) as number),
    };
  });
}

function childrenOf(node: Fields): Fields[] {
  return node.has("children") ? node.objects("children") : [];
}

function mcValueOf(node: Fields): number {
  const value = node.number("mc_value");
  if (value < 0 || value > 1) node.fail("mc_value", "a number from 0 to 1");
  return value;
}
