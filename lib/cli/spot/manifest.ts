import { readFileSync } from 'node:fs'
import type { Imported } from '@/lib/domain/blueprints/import/collect'
import { isManifest, readCommand } from '@/lib/domain/blueprints/import/command'
import { readManifest } from '@/lib/domain/blueprints/import/manifest'
import type { ImportShown } from '@/lib/shapes/blueprints'
import { readYaml } from '@/lib/yaml'
import { type Args, mustBeEmpty, take, UsageError } from '../args'
import { getJson, type Where, whereToGo } from '../client'
import { exitCodes } from '../exit-codes'
import { idOf } from '../names'
import { outputOf, print, printJson, remark } from '../output'
import { table } from '../table'

/** `-` is standard input. Throws `UsageError` where there is no such file. */
export const textOf = (args: Args): string => {
  const [literal, path] = [take(args, 'manifest'), take(args, 'manifest-path')]
  if ((literal === undefined) === (path === undefined)) throw new UsageError('Give the manifest: --manifest-path FILE, or --manifest TEXT.')
  if (literal !== undefined) return literal
  try {
    return readFileSync(path === '-' ? 0 : path!, 'utf8')
  } catch (error) {
    throw new UsageError(`--manifest-path: ${(error as Error).message}`)
  }
}

export const readText = (text: string): Imported => {
  if (!isManifest(text)) return readCommand(text)
  const read = readYaml(text)
  if ('because' in read) throw new UsageError(`The manifest is no YAML: ${read.because}`)
  return readManifest(read.value)
}

const printKeys = ({ unknown, problems, taken, kept, dropped }: Omit<ImportShown, 'id'>): void =>
  print(
    table(
      ['key', 'outcome', 'becomes'],
      [
        ...unknown.map(({ key, nearest }) => [key, 'unknown', nearest === null ? 'There is no such key.' : `Did you mean ${nearest}?`]),
        ...problems.map(({ key, because }) => [key, 'not read', because]),
        ...taken.map(({ key, field, shown, note }) => [key, 'taken', `${field} = ${shown}${note === null ? '' : ` (${note})`}`]),
        ...kept.map(({ key, shown, because }) => [key, 'kept, no effect', `${shown}. ${because}`]),
        ...dropped.map(({ key, because }) => [key, 'left out', because]),
      ],
    ),
  )

/** Says what becomes of every key, without a console. Exit code 4 when a key is unknown or makes no sense. */
export const checkManifest = async (args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json'])
  const text = textOf(args)
  mustBeEmpty(args)
  const { values: _values, ...read } = readText(text)
  if (format === 'json') printJson(read)
  else printKeys(read)
  const faults = read.unknown.length + read.problems.length
  if (faults === 0) return exitCodes.done
  remark(`${faults === 1 ? 'One key' : `${faults} keys`} must be mended before a blueprint can be made of it.`)
  return exitCodes.refused
}

/** Throws what the console refuses: unknown keys by name, a name that is taken. */
export const addBlueprint = async (
  where: Where,
  { text, environment, account, name }: { text: string; environment: string; account?: string; name?: string },
): Promise<ImportShown> =>
  getJson<ImportShown>(where, '/api/v1/blueprints/import', {
    method: 'POST',
    body: {
      text,
      saves: true,
      environmentId: await idOf(where, 'environments', environment),
      accountId: account === undefined ? null : await idOf(where, 'cloud-accounts', account),
      name: name ?? null,
    },
  })

/** Adds the blueprint to the console. */
export const importManifest = async (args: Args): Promise<number> => {
  const [environment, account, name] = [take(args, 'env'), take(args, 'account'), take(args, 'name')]
  if (environment === undefined) throw new UsageError('Say where: --env ENVIRONMENT')
  const text = textOf(args)
  mustBeEmpty(args)
  const read = await addBlueprint(whereToGo(), { text, environment, account, name })
  printKeys(read)
  print(`\nblueprint ${read.id}`)
  return exitCodes.done
}
