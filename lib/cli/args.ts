/** Ends the command with exit code 2 and the sentence. */
export class UsageError extends Error {}

export interface Args {
  words: string[]
  /** Name as typed without dashes → values in order; `true` for a flag without one. */
  flags: Map<string, (string | true)[]>
}

/** Flags that never take a value, so that the word after them stays a word. */
const bare = new Set([
  'yes',
  'help',
  'go-on',
  'give-up',
  'standbys-first',
  'no-standbys-first',
  'outside-window',
  'facets',
  'all',
  'follow',
  'now',
  'blocked',
  'changes',
  'check',
  'plan',
  'check-price',
  'check-manifest',
  'import',
  'launch',
  'stop',
  'resume',
  'teardown',
  'connstr-only',
  'list-regions',
  'list-strategies',
  'allow-burstable',
  'persistent-vms',
  'offline',
  'unfit',
])
const short: Record<string, string> = { o: 'output', q: 'q', h: 'help', y: 'yes', f: 'follow' }

/** `--env prod`, `--env=prod`, `-o json`, `--yes`. After `--` everything is a word. */
export const readArgs = (argv: readonly string[]): Args => {
  const args: Args = { words: [], flags: new Map() }
  const add = (name: string, value: string | true) => args.flags.set(name, [...(args.flags.get(name) ?? []), value])
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '--') return { ...args, words: [...args.words, ...argv.slice(index + 1)] }
    const match = /^--([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/.exec(word) ?? /^-([A-Za-z])$/.exec(word)
    if (!match) {
      if (word.startsWith('-') && word !== '-') throw new UsageError(`Unknown option ${word}.`)
      args.words.push(word)
      continue
    }
    const name = word.startsWith('--') ? match[1]! : short[match[1]!]
    if (!name) throw new UsageError(`Unknown option ${word}.`)
    if (match[2] !== undefined) add(name, match[2])
    else if (bare.has(name)) add(name, true)
    else {
      const value = argv[index + 1]
      if (value === undefined) throw new UsageError(`--${name} needs a value.`)
      add(name, value)
      index += 1
    }
  }
  return args
}

/** Takes a flag out of `args`; what is left in the end is unknown. The last value counts. */
export const take = (args: Args, name: string): string | undefined => {
  const values = args.flags.get(name)
  args.flags.delete(name)
  const last = values?.at(-1)
  if (last === true) throw new UsageError(`--${name} needs a value.`)
  return last
}

export const takeFlag = (args: Args, name: string): boolean => {
  const values = args.flags.get(name)
  args.flags.delete(name)
  return values !== undefined && values.at(-1) !== 'false'
}

export const mustBeEmpty = (args: Args): void => {
  const [name] = args.flags.keys()
  if (name) throw new UsageError(`--${name} is not an option of this command.`)
}
