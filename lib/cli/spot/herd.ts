import { writeFileSync } from 'node:fs'
import { doorDsn } from '@/lib/domain/blueprints/door'
import { type Args, mustBeEmpty, take, takeFlag, UsageError } from '../args'
import { getJson, type Where, whereToGo } from '../client'
import { exitCodes } from '../exit-codes'
import { allCalled, isId, theOne } from '../names'
import { print } from '../output'
import { run } from '../plans'
import { say, sayBeside } from '../say'
import { addBlueprint, readText, textOf } from './manifest'

/** With what is launched from a blueprint; `connstr-only` alone changes nothing. */
export const herdDeeds = ['launch', 'stop', 'resume', 'teardown', 'connstr-only'] as const
type HerdDeed = (typeof herdDeeds)[number]

const operationOf = { launch: 'launch-herd', stop: 'stop-herd', resume: 'resume-herd', teardown: 'tear-down' } as const

interface BlueprintShown {
  id: string
  name: string
  herdId: string | null
  stoppedAt: string | null
  adminUser: string | null
  database: string | null
}

/**
 * Does it to the herd of one blueprint, which its manifest, `--instance-name` or id names; `--launch` adds the blueprint of a manifest that the console does not
 * know yet, and launches nothing a second time. What would come of it is shown and asked for first; `--yes` agrees to the plan of that moment.
 */
export const onHerd = async (args: Args, deed: HerdDeed): Promise<number> => {
  const where = whereToGo()
  const [path, onlyPrints] = [take(args, 'connstr-output-path'), takeFlag(args, 'connstr-only') || deed === 'connstr-only']
  if (onlyPrints) sayBeside()
  const id = await blueprintOf(where, args, deed === 'launch')
  const before = await blueprint(where, id)
  if (deed === 'connstr-only') mustBeEmpty(args)
  else if (deed === 'launch' && before.herdId !== null) {
    say(`${before.name} is launched already.`)
    // What was meant for a launch is of no use.
    args.flags.clear()
    if (before.stoppedAt !== null) {
      say('It is stopped: resume it with --resume.')
      return exitCodes.refused
    }
  } else {
    const code = await run(where, { ...args, words: [operationOf[deed], id] }, { takesPlanOfNow: true })
    if (code !== exitCodes.done || deed === 'stop' || deed === 'teardown') return code
    return tellDoor(where, await blueprint(where, id), path)
  }
  return tellDoor(where, before, path)
}

const blueprint = (where: Where, id: string): Promise<BlueprintShown> => getJson(where, `/api/v1/blueprints/${id}`)

/** Throws `UsageError` where none or several are called so. */
const blueprintOf = async (where: Where, args: Args, mayAdd: boolean): Promise<string> => {
  const hasManifest = args.flags.has('manifest') || args.flags.has('manifest-path')
  const text = hasManifest ? textOf(args) : null
  const given = take(args, 'instance-name') ?? take(args, 'name')
  const name = given ?? (text === null ? undefined : readText(text).values.name)
  const [environment, account] = [take(args, 'env'), take(args, 'account')]
  if (typeof name !== 'string' || name === '')
    throw new UsageError('Say which: --manifest-path FILE, --manifest TEXT, or --instance-name NAME of its blueprint.')
  if (isId(name)) return name
  const called = await allCalled(where, 'blueprints', name, environment === undefined ? {} : { env: environment })
  if (called.length > 0 || text === null || !mayAdd) return theOne(called, 'blueprints', name).id
  if (environment === undefined) throw new UsageError('Say where: --env ENVIRONMENT')
  const added = await addBlueprint(where, { text, environment, account, name: given })
  say(`Added the blueprint ${name} in ${environment}.`)
  return added.id!
}

/** Prints the connection string alone on standard output, and writes it into a file that only this user can read. */
const tellDoor = async (where: Where, shown: BlueprintShown, path: string | undefined): Promise<number> => {
  const { herdId, adminUser: user, database } = shown
  const dsn = herdId === null ? null : doorDsn({ user, database: database ?? 'postgres', hosts: await hostsOf(where, herdId) })
  if (dsn === null) {
    say(`${shown.name} has no server to connect to: it is not launched.`)
    return exitCodes.refused
  }
  if (path !== undefined) writeFileSync(path, `${dsn}\n`, { mode: 0o600 })
  print(dsn)
  return exitCodes.done
}

interface Member {
  serverId: string
  port: number
  role: string | null
}

/** The primary first. */
const hostsOf = async (where: Where, herdId: string): Promise<{ address: string; port: number }[]> => {
  const query = new URLSearchParams({ herdId, per: '500', columns: 'serverId,port,role' })
  const { items } = await getJson<{ items: Member[] }>(where, `/api/v1/instances?${query}`)
  const ordered = items.toSorted((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary'))
  return Promise.all(
    ordered.map(async ({ serverId, port }) => ({
      address: (await getJson<{ address: string }>(where, `/api/v1/servers/${serverId}`)).address,
      port,
    })),
  )
}
