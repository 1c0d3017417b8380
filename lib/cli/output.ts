import { type Args, take, UsageError } from './args'
import { request, type Where } from './client'

/** `-o`, one of `formats`; the first of them when it is not said. Throws `UsageError`. */
export const outputOf = <Format extends string>(args: Args, formats: readonly Format[]): Format => {
  const wanted = take(args, 'output') ?? formats[0]!
  const found = formats.find((one) => one === wanted)
  if (!found) throw new UsageError(`-o takes ${formats.slice(0, -1).join(', ')} or ${formats.at(-1)}.`)
  return found
}

export const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))

/** What belongs to the data but is none. */
export const remark = (text: string): void => void process.stderr.write(`${text}\n`)

/** What a call answers with, as it comes. */
export const pour = async (where: Where, path: string): Promise<void> => {
  const response = await request(where, path)
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) process.stdout.write(chunk)
}
