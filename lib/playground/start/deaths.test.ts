import { expect, test } from 'vitest'
import { afterDeath, type Death, sayExit } from './deaths'

const scene = () => {
  const said: string[] = []
  const ended: string[] = []
  const started: string[] = []
  const onDeath = afterDeath(
    (line) => said.push(line),
    (because) => ended.push(because),
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
  return { said, ended, started, die }
}

test('who died, how, what that means and where its log is are said, and it is started again', async () => {
  const { said, started, die } = scene()
  die('worker-1')
  await Promise.resolve()
  await Promise.resolve()
  expect(said).toEqual(['\nworker-1 was killed by SIGKILL. Jobs wait. Starting it again. Its log: /log/worker-1.log'])
  expect(started).toEqual(['worker-1'])
})

test('the third of a kind within a minute is not started again, and of another kind is', async () => {
  const { said, started, die } = scene()
  for (const name of ['worker-1', 'worker-2', 'worker-3', 'web']) die(name)
  await new Promise(setImmediate)
  expect(started).toEqual(['worker-1', 'worker-2', 'web'])
  expect(said[2]).toContain('not started again: this is death 3 within a minute')
})

test('without what nothing can go on without, everything is stopped; one that cannot be started again says why', async () => {
  const { said, ended, die } = scene()
  die('playground', { startAgain: null, logFile: null })
  expect(ended).toEqual(['playground is gone'])
  die('web', { startAgain: () => Promise.reject(new Error('the port is taken')) })
  await new Promise(setImmediate)
  expect(said.at(-1)).toBe('web could not be started again: the port is taken')
})

test('an exit is said as what it was', () => {
  expect([sayExit(1, null), sayExit(null, 'SIGTERM')]).toEqual(['ended with exit code 1', 'was killed by SIGTERM'])
})
