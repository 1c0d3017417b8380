import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** What a script was called with. A flag that it does not know begins nothing: it ends with 2 and the usage, `--help` with 0. */
export const flagsOf = <const O extends Options>(usage: string, options: O): Values<O> => {
  try {
    const { help, ...values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } }).values as { help?: boolean }
    if (!help) return values as Values<O>
    process.stdout.write(usage)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}
