import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LabError } from '@/lib/playground/lab-error'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { allScenarios } from './cli'
import { parseScenario } from './read'
import { verbs } from './words'

const faultsOf = (text: string): string[] => {
  try {
    parseScenario('x.yaml', text)
    return []
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return error.message.split('\n')
  }
}
const file = (steps: string, fleet = '  herds:\n    shop: a > b') => `name: x\nfleet:\n${fleet}\nsteps:\n${steps}`

test('every scenario file that is kept can be read, and no two have one name', () => {
  const names = allScenarios().map(({ name }) => name)
  expect(names.length).toBeGreaterThan(0)
  expect(new Set(names).size).toBe(names.length)
})

test('the example of the README can be read, and names every verb', () => {
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
  const [, example] = /```yaml\n(.*?)```/s.exec(readme)!
  expect(parseScenario('README.md', example!).steps).toHaveLength(7)
  expect(readme).toContain(verbs.map((verb) => `\`${verb}\``).join(', '))
})

test('a file is refused with the line, what is wrong there and what may stand there', () => {
  expect(faultsOf(file('  - order: swichover'))[0]).toMatch(/^x\.yaml:6: order: there is no operation swichover; known: start, stop, /)
  expect(faultsOf(file('  - order: switchover\n    hold before: promotion'))[0]).toMatch(
    /^x\.yaml:6: order: there is no step of switchover promotion; known: canary, checkpoint-primary, /,
  )
  expect(faultsOf(file('  - explode: a'))).toEqual([
    expect.stringMatching(/^x\.yaml:6: steps 1: has no verb among explode; the verbs are load, open transaction, order, /),
  ])
  expect(faultsOf(file('  - load: 4\n  - kill: worker\n    heal: a'))).toEqual([
    'x.yaml:7: steps 2: has the verbs kill and heal; make them steps of their own.',
  ])
  expect(faultsOf(file('  - load: 4\n  - expect:\n      prymary: b'))).toEqual([
    expect.stringMatching(/^x\.yaml:8: “prymary” is not known here\. Known: within, order, herd, job, says, .*primary, /),
  ])
  expect(faultsOf(file('  - expect:\n      primary: z\n      within: 5'))).toEqual([
    'x.yaml:8: steps 1 expect within: write a time as 250 ms, 5 s or 2 min.',
  ])
  expect(faultsOf(file('  - expect:\n      primary: z'))).toEqual(['x.yaml:6: expect: there is no host z; known: a, b.'])
  expect(faultsOf(file('  - expect:\n      job: finished'))).toEqual([
    expect.stringMatching(/^x\.yaml:7: steps 1 expect job: .*; known: waiting, /),
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a > b\n  poolers:\n    p: crm'))).toEqual([
    'x.yaml:6: the pooler on p: there is no herd crm; known: shop.',
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a >'))).toEqual(['x.yaml:4: "a >" is not a topology: a host name is missing.'])
  expect(faultsOf('name: x\n  fleet: {')[0]).toMatch(/^x\.yaml:\d: /)
})

test('with several herds a step must say which one it means', () => {
  const fleet = '  herds:\n    shop: a > b\n    crm: b > a'
  expect(faultsOf(file('  - load: 4', fleet))).toEqual(['x.yaml:7: load: there are several herds: say which one with “herd: shop”.'])
  expect(faultsOf(file('  - load: 4\n    herd: crm', fleet))).toEqual([])
})
