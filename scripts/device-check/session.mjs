/** All processes that a command started: they are of its session, also those with a process group of their own, as a build's. */
import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes of this session that still run. */
export function processesOf(session) {
  return readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      // pid (name) state ppid pgrp session: the name may hold anything.
      const [state, , , itsSession] = readFileSync(`/proc/${id}/stat`, "utf8").split(") ").at(-1).split(" ");
      return Number(itsSession) === session && state !== "Z";
    } catch {
      return false; // it has just ended
    }
  });
}

function kill(id) {
  try {
    process.kill(Number(id), "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error; // it has just ended by itself
  }
}

/** Those that are being started meanwhile are met in a later round. */
const rounds = 5;

/** Kills them all. @param {number | undefined} session the id of the process that leads it */
export function killSession(session) {
  if (session === undefined) return; // it did not start
  kill(-session); // its first process group, whatever /proc tells
  for (let round = 0; round < rounds; round++) {
    const ids = processesOf(session);
    if (ids.length === 0) return;
    for (const id of ids) kill(id);
  }
}
