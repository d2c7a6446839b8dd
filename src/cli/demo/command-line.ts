/** A command as a user could type it. */

/** What no shell reads anything into. */
const plainWord = /^[\w@%+=:,./-]+$/;

/** In single quotes where the shell would take it apart. */
function shellWord(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function commandLine(args: readonly string[]): string {
  return ["erprm", ...args].map(shellWord).join(" ");
}
