import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { isMoveLine } from '@/lib/shapes/run'
import { operationByName } from '.'
import { moves } from './evidence'

const about = { jobId: 'job', runId: 'run', by: 'dana' }

/** Whether one job of this operation left the line that a certificate is issued for, and whether its journal is evidence of a move. */
const moved = async (name: string, isStopped: boolean) => {
  const operation = operationByName(name)!
  const { from, evidence } = moves[name]!
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const input = operation.input.parse({ canary: false }) as JsonObject
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const { digest } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (isStopped) fleet.calls.interfere = () => ({ how: 'fail', fault: new Fault('shell.failed') })
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const ended = await drive(operation, { id: 'job', targetId, input, digest }, journal.open(), fleet, options)
  return { ended, isMarked: journal.lines.some((line) => isMoveLine(line, from)), isEvident: evidence(journal.lines, about) !== null }
}

test.each(Object.keys(moves))(
  'a job of %s that promoted somebody leaves the line that its certificate waits for, whatever its steps are called',
  async (name) => {
    expect(operationByName(name)!.effects.map((effect) => effect.name)).toContain(moves[name]!.from.step)
    expect(await moved(name, false)).toMatchObject({ ended: 'done', isMarked: true, isEvident: true })
    expect(await moved(name, true)).toMatchObject({ isMarked: false, isEvident: false })
  },
)
