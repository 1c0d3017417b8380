import { expect, test } from 'vitest'
import { afterDeath, type Death, sayExit } from './deaths'

const scene = () => {
  const said: string[] = []
  const ended: string[] = []
  const started: string[] = []
  const later: { seconds: number; work: () => void }[] = []
  const onDeath = afterDeath(
    (line) => said.push(line),
    (because) => ended.push(because),
    (seconds, work) => later.push({ seconds, work }),
  )
  const die = (name: string, over: Partial<Death> = {}) =>
    onDeath({
      name,
      how: 'was killed by SIGKILL',
      logFile: `/log/${name}.log`,
      meaning: 'Jobs wait.',
      startAgain: () => started.push(name),
      ...over,
    })
  return { said, ended, started, later, die }
}

test('who died, how, what that means and where its log is are said, and it is started again', async () => {
  const { said, started, die } = scene()
  die('worker-1')
  await Promise.resolve()
  await Promise.resolve()
  expect(said).toEqual(['\nworker-1 was killed by SIGKILL. Jobs wait. Starting it again. Its log: /log/worker-1.log'])
  expect(started).toEqual(['worker-1'])
})

test('one whose kind keeps dying is started again later and later, and always in the end; another kind is not held up by it', async () => {
  const { said, started, later, die } = scene()
  for (let n = 1; n <= 10; n++) die(`worker-${n}`)
  die('web')
  await new Promise(setImmediate)
  expect(started).toEqual(['worker-1', 'web'])
  expect(later.map(({ seconds }) => seconds)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  expect(said[1]).toContain('Starting it again in 1 s: this is death 2 within five minutes.')
  for (const { work } of later) work()
  await new Promise(setImmediate)
  expect(started).toHaveLength(11)
})

test('without what nothing can go on without, everything is stopped; one that cannot be started again says why, and is tried again later', async () => {
  const { said, ended, later, die } = scene()
  die('playground', { startAgain: null, logFile: null })
  expect(ended).toEqual(['playground is gone'])
  die('web', { startAgain: () => Promise.reject(new Error('the port is taken')) })
  await new Promise(setImmediate)
  expect(said.at(-1)).toContain('web could not be started again: the port is taken.')
  expect(later.map(({ seconds }) => seconds)).toEqual([1])
})

test('an exit is said as what it was', () => {
  expect([sayExit(1, null), sayExit(null, 'SIGTERM')]).toEqual(['ended with exit code 1', 'was killed by SIGTERM'])
})
