import { readFileSync } from 'node:fs'
import { readStackFile } from '@/lib/shapes/stack-file'
import { type Args, take, takeFlag, UsageError } from './args'
import { getJson, type Where } from './client'
import { exitCodes } from './exit-codes'
import { allCalled, idOf } from './names'
import { plan, run } from './plans'
import { say } from './say'

interface Kept {
  revision: number
  file: string
}

/** `matriarch build FILE --env prod`: declares the cluster of the file, or changes its declaration, shows the plan, asks, and follows the run. */
export const build = async (where: () => Where, args: Args): Promise<number> => {
  const [path, extra] = args.words
  if (!path || extra) throw new UsageError('Give one cluster file.')
  const text = readText(path)
  const { file, problems } = readStackFile(text)
  if (file === null)
    throw new UsageError(`${path} cannot be followed:\n${problems.map(({ field, because }) => `  ${field}: ${because}`).join('\n')}`)
  if (takeFlag(args, 'check')) {
    say(`${path} declares the cluster ${file.cluster} on ${Object.keys(file.servers).length} servers.`)
    return exitCodes.done
  }
  const environment = take(args, 'env')
  if (environment === undefined) throw new UsageError('Give the environment of its servers: --env ENVIRONMENT')
  const onlyPlans = takeFlag(args, 'plan')
  const id = await declare(where(), file.cluster, text, environment)
  return (onlyPlans ? plan : run)(where(), { ...args, words: ['build-cluster', id] })
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

/** The id of the declared cluster, whose file is this one from now on. */
const declare = async (where: Where, name: string, file: string, environment: string): Promise<string> => {
  const [known] = await allCalled(where, 'stacks', name, { env: environment })
  if (known === undefined) {
    const environmentId = await idOf(where, 'environments', environment)
    const made = await getJson<{ id: string }>(where, '/api/v1/stacks', { method: 'POST', body: { name, environmentId, file } })
    say(`Declared ${name} in ${environment}.`)
    return made.id
  }
  const path = `/api/v1/stacks/${known.id}`
  const kept = await getJson<Kept>(where, path)
  if (kept.file.trim() === file.trim()) return known.id
  await getJson(where, path, { method: 'PATCH', body: { file, revision: kept.revision } })
  say(`Changed the declaration of ${name} in ${environment}.`)
  return known.id
}
