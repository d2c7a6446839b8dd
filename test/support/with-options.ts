/** A command line with some options of its own replaced by those of `more`, because an option is taken once. */
export function withOptions(words: readonly string[], more: readonly string[]): string[] {
  const isFlag = (word = "") => word.startsWith("--");
  const replaced = (word = "") => isFlag(word) && more.includes(word);
  const kept = words.filter((word, i) => !replaced(word) && (isFlag(word) || !replaced(words[i - 1])));
  return [...kept, ...more];
}
