/** What the commands share: numbers from the command line, and a count that a person can watch. */

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Ends the process with 2 where it is none. */
export function wholeNumberOf(option: string, text: string): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(number)) return number;
  process.stderr.write(`${option} takes a whole number, not ${text}\n`);
  process.exit(2);
}

/** On a terminal one line that changes; elsewhere a line for each tenth. On standard error. */
export class Progress {
  readonly #what: string;
  readonly #total: number;
  #tenths = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  show(done: number): void {
    const text = `${done} of ${this.#total} ${this.#what}`;
    const tenths = Math.floor((done / this.#total) * 10);
    if (process.stderr.isTTY) process.stderr.write(`\r${text}`);
    else if (tenths > this.#tenths) process.stderr.write(`${text}\n`);
    this.#tenths = tenths;
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}
