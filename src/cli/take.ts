/** Parts of streams of records. */

/** At most `limit` of the values; all of them when it is undefined. */
export async function* take<T>(values: AsyncIterable<T> | Iterable<T>, limit: number | undefined) {
  if (limit === 0) return;
  let taken = 0;
  for await (const value of values) {
    yield value;
    taken += 1;
    if (limit !== undefined && taken >= limit) return;
  }
}

/** The values without the first `count`, each of which `skipped` sees. */
export async function* drop<T>(
  values: AsyncIterable<T> | Iterable<T>,
  count: number,
  skipped: (value: T) => void = () => {},
) {
  let seen = 0;
  for await (const value of values) {
    seen += 1;
    if (seen <= count) skipped(value);
    else yield value;
  }
}
