/** Something on this machine is missing or wrong; the message says what, and how to mend it. Shown without a stack. */
export class SetupError extends Error {
  name = "SetupError";
  /** 3: this machine cannot do it; 2: the command line is wrong. */
  exitCode;

  constructor(message, exitCode = 3) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a script's main function: a SetupError is one message and its exit code, anything else keeps its stack. */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof SetupError ? `erprm: ${error.message}` : error);
    process.exitCode = error instanceof SetupError ? error.exitCode : 1;
  }
}
