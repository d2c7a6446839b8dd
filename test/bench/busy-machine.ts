/** A warning for numbers that were measured while others used the machine. */

/** Share of all cores. Peers whose threads wait for each other by spinning slow down many times well below half of it. */
export const mostShare = 0.1;

export function warnWhenBusy(rows: readonly { name: string; othersShare: number }[]): void {
  const busy = rows.filter(({ othersShare }) => othersShare > mostShare);
  if (busy.length === 0) return;
  console.error(
    `Not to be trusted: others used more than ${100 * mostShare} % of the machine in ${busy.length} of ${rows.length} rows. ` +
      "Run it again on an idle machine.",
  );
}
