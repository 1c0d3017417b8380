import { z } from 'zod'
import type { HostAddress, ReadPorts } from '@/lib/ports'
import { Fault } from '../ground/errors'
import type { JsonObject } from '../ground/json'
import { defineOperation, type OperationBuilder } from '../operation/define-operation'
import { notNeeded } from '../operation/only-when'
import type { Effect, Operation } from '../operation/operation'

/** Steps on a host's directories: the shell makes each once and complains about a second time, so a step that is run twice shows. */
export type DirectoryFacts = { host: { [Key in keyof HostAddress]: HostAddress[Key] } }

type Ending = Effect<DirectoryFacts, null, null>['ending']
type Run = Effect<DirectoryFacts>['run']

const limits = { timeoutMs: 5_000 }

const isThere = async (ports: ReadPorts, host: HostAddress, path: string, signal: AbortSignal) =>
  (await ports.hosts.read(host, ['test', '-d', path], { ...limits, signal })).exitCode === 0

const command = async (ports: Parameters<Run>[2], host: HostAddress, argv: string[], signal: AbortSignal) => {
  const { exitCode, stderr } = await ports.act.hosts.run(host, argv, { ...limits, signal })
  if (exitCode !== 0) throw new Fault('shell.failed', { because: stderr })
}

export const makeDirectory = (
  path: string,
  ending: Ending,
  more: Partial<Effect<DirectoryFacts, null, null>> = {},
): Effect<DirectoryFacts, null, null> => ({
  title: `Make ${path}`,
  preview: () => ({ sentence: `Make ${path}.`, commands: [`mkdir ${path}`] }),
  check: async ({ host }, ports, { signal }) =>
    (await isThere(ports, host, path, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: ({ host }, _before, ports, { signal }) => command(ports, host, ['mkdir', path], signal),
  timeoutMs: 10_000,
  ending,
  ...more,
})

const remove =
  (path: string) =>
  async ({ host }: DirectoryFacts, _before: null, _output: null, ports: Parameters<Run>[2], { signal }: { signal: AbortSignal }) => {
    if (await isThere(ports.read, host, path, signal)) await command(ports, host, ['rmdir', path], signal)
  }

export const undo = (path: string): Ending => ({ undo: remove(path), sentence: 'It is removed.' })
export const release = (path: string): Ending => ({ release: remove(path), sentence: 'It is removed in the end.' })
export const final: Ending = { final: 'It stays.' }
export const harmless: Ending = { final: 'It stays, and nobody minds.', harmless: true }

/** The head of such an operation; `firm` may be given to make the world move. */
export const directoriesHead = (
  firm: (facts: DirectoryFacts) => JsonObject = ({ host }) => ({ ...host }),
): OperationBuilder<DirectoryFacts> =>
  defineOperation({
    name: 'directories',
    on: 'server',
    role: 'dba',
    title: 'Make directories',
    verb: 'Make',
    danger: 'disruptive',
    input: z.strictObject({}),
    help: ['Makes directories.'],
    gather: async (ports, _input, { targetId }): Promise<DirectoryFacts> => ({ host: (await ports.inventory.server(targetId)).address }),
    about: ({ host }) => ({ title: host.hostname, environmentId: host.environmentId, herdId: null, serverId: host.serverId }),
    firm,
    managed: { harmless: 'A test’s own.' },
    locks: ({ host }) => [`server:${host.serverId}`],
    now: () => [],
  })

/** One of every ending: released, two that can be undone, the point of no return, one after it. */
export const directories = directoriesHead()
  .effect('hold', makeDirectory('/hold', release('/hold')))
  .effect('first', makeDirectory('/first', undo('/first')))
  .effect('second', makeDirectory('/second', undo('/second')))
  .effect('point', makeDirectory('/point', final))
  .effect('after', makeDirectory('/after', undo('/after')))
  .build()

/** Steps taken at the same time, before the point of no return and after it. */
export const abreastOnes = directoriesHead()
  .effect('left', makeDirectory('/left', undo('/left')))
  .beside('right', makeDirectory('/right', undo('/right')))
  .effect('point', makeDirectory('/point', final))
  .effect('one', makeDirectory('/one', undo('/one')))
  .beside('two', makeDirectory('/two', harmless))
  .beside('three', makeDirectory('/three', harmless))
  .effect('after', makeDirectory('/after', harmless))
  .build()

export const twoSteps = directoriesHead()
  .effect('one', makeDirectory('/one', undo('/one')))
  .effect('two', makeDirectory('/two', undo('/two')))
  .build()

const partOf = (name: string): Operation =>
  directoriesHead()
    .gate('seen', 'It is there', () => ({ verdict: 'pass' }))
    .effect('hold', makeDirectory(`/${name}/hold`, release(`/${name}/hold`)))
    .effect('first', makeDirectory(`/${name}/first`, undo(`/${name}/first`)))
    .effect('point', makeDirectory(`/${name}/point`, final))
    .effect('after', makeDirectory(`/${name}/after`, undo(`/${name}/after`)))
    .build()

export const parts = ['a', 'b', 'c'].map((name) => ({ key: name, title: `Part ${name}`, operation: partOf(name) }))

/** Three segments, each with a point of no return of its own, and one that is left out. */
export const rolled = directoriesHead()
  .rolls(
    ({ host }) =>
      [...parts.slice(0, 2), { key: 'idle', title: 'Idle', operation: twoSteps }, ...parts.slice(2)].map(({ key, title, operation }) => ({
        ...{ key, title, operation, forecast: key === 'c' ? 'Once b is made.' : operation },
        ...{ targetId: host.serverId, input: {} },
        leftOut: key === 'idle' ? notNeeded('It has all it needs.') : null,
      })),
    parts,
  )
  .build()
