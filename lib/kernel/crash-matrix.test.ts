import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { HostAddress, ReadPorts } from '@/lib/ports'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from './crash-matrix'
import { Fault } from './errors'
import { defineOperation, type Effect } from './operation'
import { makeTargetPlan } from './plan-making'

/** An operation with every kind of ending on a host's directories: the shell makes each once and complains about a second time. */
type DirectoryFacts = { host: HostAddress & Record<string, string | number | null> }

const limits = { timeoutMs: 5_000 }
const isThere = async (ports: ReadPorts, host: HostAddress, path: string, signal: AbortSignal) =>
  (await ports.hosts.read(host, ['test', '-d', path], { ...limits, signal })).exitCode === 0

const makeDirectory = (path: string, ending: Effect<DirectoryFacts, null, null>['ending']): Effect<DirectoryFacts, null, null> => ({
  title: `Make ${path}`,
  preview: () => ({ sentence: `Make ${path}.`, commands: [`mkdir ${path}`] }),
  check: async ({ host }, ports, { signal }) =>
    (await isThere(ports, host, path, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async ({ host }, _before, ports, { signal }) => {
    const { exitCode, stderr } = await ports.hostsAct.run(host, ['mkdir', path], { ...limits, signal })
    if (exitCode !== 0) throw new Fault('shell.failed', { because: stderr })
  },
  timeoutMs: 10_000,
  ending,
})

const removeDirectory =
  (path: string) =>
  async (
    { host }: DirectoryFacts,
    _before: null,
    _output: null,
    ports: Parameters<Effect<DirectoryFacts>['run']>[2],
    { signal }: { signal: AbortSignal },
  ) => {
    if (!(await isThere(ports, host, path, signal))) return
    const { exitCode, stderr } = await ports.hostsAct.run(host, ['rmdir', path], { ...limits, signal })
    if (exitCode !== 0) throw new Fault('shell.failed', { because: stderr })
  }

const directories = defineOperation({
  name: 'directories',
  on: 'server',
  title: 'Make directories',
  verb: 'Make',
  danger: 'routine',
  input: z.strictObject({}),
  help: [],
  gather: async (ports, _input, { targetId }): Promise<DirectoryFacts> => ({
    host: { ...(await ports.inventory.server(targetId)).address },
  }),
  about: ({ host }) => ({ title: host.hostname, environmentId: host.environmentId, herdId: null, serverId: host.serverId }),
  firm: ({ host }) => ({ ...host }),
  locks: () => [],
  now: () => [],
})
  .effect('hold', makeDirectory('/hold', { release: removeDirectory('/hold'), sentence: 'It is removed in the end.' }))
  .effect('first', makeDirectory('/first', { undo: removeDirectory('/first'), sentence: 'It is removed.' }))
  .effect('second', makeDirectory('/second', { undo: removeDirectory('/second'), sentence: 'It is removed.' }))
  .effect('point', makeDirectory('/point', { final: 'It stays.' }))
  .effect('after', makeDirectory('/after', { undo: removeDirectory('/after'), sentence: 'It is removed.' }))
  .build()

const makeStage = async (): Promise<Stage> => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const host = fleet.host('n1')
  const { digest } = await makeTargetPlan(directories, fleet.read, {}, host.server.id, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    operation: directories,
    job: { id: 'job', targetId: host.server.id, input: {}, digest },
    ports: fleet.act,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => [...host.directories].sort().join(' '),
    broken: (state) => {
      const made = [...host.directories].sort().join(' ')
      if (state === 'done') return made === '/after /first /point /second' ? [] : [`done, but there is: ${made}`]
      if (state === 'attention') return []
      const closed = journal.lines.at(-1)
      if (closed?.kind === 'closed' && closed.because?.startsWith('Given up'))
        return [...host.directories]
          .filter((path) => !closed.because?.includes(`Make ${path}`))
          .map((path) => `given up without a word of ${path}`)
      return made === '' ? [] : [`${state}, but there is: ${made}`]
    },
  }
}

test('undo, release and final keep every promise wherever drivers die, sleep or hand over and acts go wrong', {
  timeout: 120_000,
}, async () => {
  const results = await crashMatrix(makeStage)
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
