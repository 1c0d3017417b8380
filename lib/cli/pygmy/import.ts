import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { contentOf, type PygmyContent, pygmyTables } from '@/lib/domain/pygmy/content'
import { readDump } from '@/lib/domain/pygmy/dump'
import type { ImportAnswer, ImportInput } from '@/lib/shapes/pygmy-import'
import { type Args, mustBeEmpty, take, takeFlag, UsageError } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print } from '../output'
import { table } from '../table'

const dumpTimeoutMs = 120_000
const dumpBytesMax = 512 * 1024 * 1024

const printed = async (program: string, argv: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  try {
    const options = { env: { ...process.env, ...env }, timeout: dumpTimeoutMs, maxBuffer: dumpBytesMax }
    return (await promisify(execFile)(program, [...argv], options)).stdout
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    throw new UsageError(`${program} failed: ${stderr.trim() || message}`)
  }
}

/** Of the tables that are read and no others: a pygmy keeps passwords too. The password goes by the environment, which `ps` does not show. */
const dumpOf = (url: string): Promise<string> => {
  // Over a socket there is no host in it.
  const whole = url.replace('@/', '@localhost/')
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(whole)) throw new UsageError('Give the database as postgresql://user@host/pygmy.')
  const { hostname, port, username, password, pathname, searchParams } = new URL(whole)
  const env = {
    PGHOST: searchParams.get('host') ?? decodeURIComponent(hostname),
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? '',
    PGCONNECT_TIMEOUT: '15',
  }
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  return printed('pg_dump', ['--data-only', '--no-owner', ...pygmyTables.map((name) => `--table=*.*_${name}`)], given)
}

/** A dump as it stands, or one of `pg_dump -Fc`. */
const dumpIn = async (file: string): Promise<string> => {
  const bytes = await readFile(file).catch((error: Error): never => {
    throw new UsageError(`${file} cannot be read: ${error.message}`)
  })
  if (bytes.subarray(0, 5).toString('latin1') === 'PGDMP') return printed('pg_restore', ['--data-only', '--file=-', file])
  return bytes.toString('utf8')
}

const herdsOf = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1 || at === pair.length - 1) throw new UsageError(`--herd ${pair}: write CLUSTER=HERD.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )

const isEmpty = (content: PygmyContent): boolean => Object.values(content).every((list) => list.length === 0)

const leftOut =
  'Not imported, wherever they are: passwords and AWS keys (enter them in a cloud account), people (add them here, with roles), settings and tags (a cloud account has them), logs. Scripts of pygmy stay files.'

/** `matriarch import-pygmy pygmy.sql`: says what would be imported, and with the digest of that imports it. */
export const importPygmy = async (where: Where, args: Args): Promise<number> => {
  const [database, zone, digest] = [take(args, 'database'), take(args, 'time-zone'), take(args, 'apply')]
  const herds = (args.flags.get('herd') ?? []).map(String)
  args.flags.delete('herd')
  const isAll = takeFlag(args, 'all')
  const format = outputOf(args, ['table', 'json'])
  const [file, extra] = args.words
  mustBeEmpty(args)
  if (extra || (file === undefined) === (database === undefined))
    throw new UsageError('Give a dump of pygmy’s database, or --database postgresql://user@host/pygmy.')
  const content = contentOf(readDump(database === undefined ? await dumpIn(file!) : await dumpOf(database), pygmyTables))
  if (isEmpty(content)) throw new UsageError('There are no tables of a pygmy in it, or it was made with --inserts.')
  const body: ImportInput = { content, herds: herdsOf(herds), zone: zone ?? '', digest: digest ?? '' }
  const answer = await getJson<ImportAnswer>(where, '/api/v1/pygmy-imports', { method: 'POST', body })
  if (format === 'json') print(JSON.stringify(answer, null, 2))
  else say(answer, isAll)
  return answer.items.some(({ act }) => act === 'refuse' || act === 'failed') ? exitCodes.refused : exitCodes.done
}

const signs = { add: '+', same: '=', refuse: '-', failed: '!' } as const

const say = ({ items, isApplied, digest }: ImportAnswer, isAll: boolean): void => {
  const count = (act: keyof typeof signs) => items.filter((one) => one.act === act).length
  const shown = items.filter(({ act }) => isAll || act !== 'same')
  print(
    table(
      ['', 'kind', 'number', 'name', 'becomes, or why not'],
      shown.map((one) => [signs[one.act], one.kind, String(one.number), one.name, one.because]),
    ),
  )
  print(
    `${count('add')} ${isApplied ? 'added' : 'to add'}, ${count('same')} there already, ${count('refuse')} not imported, ${count('failed')} failed.`,
  )
  print(leftOut)
  if (!isApplied && count('add') > 0) print(`Nothing was changed. Import it with the same words and: --apply ${digest}`)
}
