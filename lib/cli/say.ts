let stream: NodeJS.WriteStream = process.stdout

/** From now on plans and progress go to standard error: standard output is for the data that was asked for. */
export const sayBeside = (): void => {
  stream = process.stderr
}

/** Plans, progress and what has become of it, a line at a time. */
export const say = (text: string): void => void stream.write(`${text}\n`)
