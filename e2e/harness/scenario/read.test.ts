import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LabError } from '@/lib/playground/machine/error'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { allScenarios } from './cli'
import { parseScenario } from './read'
import { allWords } from './shape'
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
    /^x\.yaml:7: order: there is no step of switchover promotion; known: canary, checkpoint-primary, /,
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
  expect(faultsOf(file('  - expect:\n      primary: z'))).toEqual([
    'x.yaml:7: expect: there is no member on z; known: a, b, leader, nobody.',
  ])
  expect(faultsOf(file('  - expect:\n      job: finished'))).toEqual([
    expect.stringMatching(/^x\.yaml:7: steps 1 expect job: .*; known: waiting, /),
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a > b\n  poolers:\n    p: crm'))).toEqual([
    'x.yaml:6: the pooler on p: there is no herd crm; known: shop.',
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a >'))).toEqual(['x.yaml:4: "a >" is not a topology: a host name is missing.'])
  expect(faultsOf(`${file('  - load: 4')}\nabuot: x`)).toEqual([
    expect.stringMatching(/^x\.yaml:7: “abuot” is not known here\. Known: name, ci, case, about, fleet, steps\.$/),
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a > b\n  pooler:\n    p: shop'))).toEqual([
    'x.yaml:5: “pooler” is not known here. Known: herds, poolers, volumes, queue, names.',
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a > b\n  poolers:\n    p: { herd: shop, mod: session }'))).toEqual([
    'x.yaml:6: “mod” is not known here. Known: herd, mode, managed, also.',
  ])
  expect(faultsOf(file('  - load: 4', '  herds:\n    shop: a > b\n  poolers:\n    p: 5'))).toEqual([
    expect.stringMatching(/^x\.yaml:6: fleet poolers p: write the herd .*mode: session or transaction/),
  ])
  expect(faultsOf('name: x\n  fleet: {')[0]).toMatch(/^x\.yaml:\d: /)
})

test('a name that nothing in the file has is refused where it stands, with those that there are', () => {
  const fleet = '  herds:\n    shop: a > b\n  poolers:\n    p: shop'
  const because = (steps: string) => faultsOf(file(steps, fleet)).map((fault) => fault.replace(/^x\.yaml:/, ''))
  expect(because('  - load: 4\n    through: a')).toEqual(['9: load: there is no pooler on a; known: members, poolers, p.'])
  expect(because('  - expect:\n      primary: a\n      poolers paused: [a]')).toEqual(['10: expect: there is no pooler on a; known: p.'])
  expect(because('  - expect:\n      streams: { b: p }')).toEqual(['9: expect: there is no member on p; known: a, b.'])
  expect(because('  - release: first')).toEqual(['8: release: there is no order first; known: none.'])
  expect(because('  - order: switchover\n    as: first\n  - expect:\n      order: second\n      job: done')).toEqual([
    '11: expect: there is no order second; known: first.',
  ])
  expect(because('  - order: switchover\n    input: { holdUp: abort }')).toEqual([
    expect.stringMatching(/^9: order: there is no input holdUp; known: candidate, blockers, .*holdUps, /),
  ])
  expect(because('  - order: switchover\n    input: { holdUps: abrt }')).toEqual(['9: order: holdUps is one of abort, retry, terminate.'])
  expect(faultsOf(file('  - load: 4\n    through: poolers'))).toEqual([
    expect.stringMatching(/^x\.yaml:7: load: no pooler is in this fleet/),
  ])
})

test('every word of the language says what it means', () => {
  expect(allWords().filter(({ meaning }) => meaning === '')).toEqual([])
  const said = allWords().map(({ word }) => word)
  for (const word of [...verbs, 'herds', 'ci', 'hold after', 'poolers paused']) expect(said).toContain(word)
})

test('with several herds a step must say which one it means', () => {
  const fleet = '  herds:\n    shop: a > b\n    crm: b > a'
  expect(faultsOf(file('  - load: 4', fleet))).toEqual(['x.yaml:7: load: there are several herds: say which one with “herd: shop”.'])
  expect(faultsOf(file('  - load: 4\n    herd: crm', fleet))).toEqual([])
})
