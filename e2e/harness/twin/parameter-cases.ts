import type { MemoryInstance } from '@/lib/adapters/memory'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import { atMost, type Case, isGivenUp, runsUnlessAsked } from './crash-laws'

const wanted = { work_mem: '64MB', shared_buffers: '1GB' }
const before = { work_mem: '5MB' }
const prepare = (instance: MemoryInstance): void => {
  instance.altered = { ...before }
  instance.active = { ...instance.active, ...before }
}

const same = (a: object, b: object): boolean => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())

const broken =
  (isRestarted: boolean): Case['broken'] =>
  (instance, state: JobState, lines: readonly JournalLine[]) => {
    const isBack = ['undone', 'failed', 'cancelled'].includes(state) && !isGivenUp(lines)
    const hasBegun = lines.some((line) => line.kind === 'intended' && line.step === 'restart')
    return [
      ...runsUnlessAsked(instance, state, lines),
      ...atMost(1, instance, /^stop/),
      ...atMost(1, instance, /^start/),
      ...atMost(1, instance, /^set work_mem = 64MB/),
      ...(state === 'done' && !same(instance.altered, wanted) ? ['done, and not all of it is written'] : []),
      ...(state === 'done' && instance.active.work_mem !== '64MB' ? ['done, and work_mem is not in force'] : []),
      ...(state === 'done' && isRestarted && instance.active.shared_buffers !== '1GB' ? ['done, and shared_buffers is not in force'] : []),
      ...(isBack && !hasBegun && !same(instance.altered, before) ? [`${state}, and something of it is left in the file`] : []),
      ...(isBack && !hasBegun && instance.active.work_mem !== '5MB' ? [`${state}, and something of it is in force`] : []),
    ]
  }

export const parameterCases: Case[] = [false, true].map((restart) => ({
  operation: 'set-parameters',
  what: restart ? 'with a restart of a standby' : 'of a primary',
  target: restart ? 'demo on n2' : 'demo on n1',
  input: { parameters: 'work_mem = 64MB\nshared_buffers = 1GB', restart },
  prepare,
  broken: broken(restart),
  ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
  stride: 7,
}))
