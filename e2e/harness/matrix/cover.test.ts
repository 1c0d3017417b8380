import { expect, test } from 'vitest'
import { companiesOf, coverOf, kindOfTrouble, partOf, type Shape, tellingFirst } from './cover'
import { sectionsOf } from './measure'
import type { Losable, Measured } from './scenario'
import { losses, sayTrouble, type Trouble } from './trouble'

const who: readonly Losable[] = ['primary', 'candidate', 'third', 'pooler']

/** Any number below the limit, the same ones each time. */
const drawn = (seed: number) => {
  let state = seed
  return (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
}

/** An operation of any length, with any number of actions in each of its steps. */
const anyOperation = (seed: number): { shape: Shape; measured: Measured } => {
  const draw = drawn(seed)
  const steps = Array.from({ length: 4 + draw(12) }, (_, index) => `step-${index}`)
  const marks: { from: number; step: string | null }[] = []
  let [passed, acts] = [3 + draw(5), 0]
  for (const step of steps) {
    marks.push({ from: passed, step })
    passed += 2
    for (let count = draw(4) === 0 ? draw(25) : draw(3); count > 0; count -= 1) {
      acts += 1
      passed += 1
      marks.push({ from: passed, step: null })
      passed += 1 + draw(3)
    }
    passed += 2
  }
  const from = draw(passed)
  const measured = { passed, acts, held: { from, to: from + draw(passed - from + 1) }, sections: sectionsOf(marks, passed) }
  const losable = who.slice(0, 2 + draw(3))
  return { shape: { name: `operation ${seed}`, steps, losable, ...(draw(2) === 0 ? { isThroughPoolers: true } : {}) }, measured }
}

const operations = Array.from({ length: 60 }, (_, index) => anyOperation(index * 7 + 1))
const sayKind = (trouble: Trouble): string =>
  trouble.how === 'kill' && trouble.company ? `${trouble.company.does} ${trouble.company.isHidden}` : ''

test('the covering set covers: every point, action and step with every kind of trouble, everybody’s host in every way, and each deed of somebody else in every step', () => {
  for (const { shape, measured } of operations) {
    const all = coverOf(shape, measured)
    const said = new Set(all.map(sayTrouble))
    for (let at = 1; at <= measured.passed; at += 1) expect(said).toContain(`worker killed at point ${at}`)
    for (let nth = 1; nth <= measured.acts; nth += 1)
      for (const how of ['fail', 'lose-answer']) expect(said).toContain(`action ${nth}: ${how}`)
    const single = all.filter((one) => !('company' in one) && !('and' in one))
    for (const step of shape.steps) {
      expect(said).toContain(`cancelled during ${step}`)
      for (const how of losses) expect(single.some((one) => one.how === how && 'step' in one && one.step === step)).toBe(true)
    }
    for (const one of shape.losable)
      for (const how of losses) expect(single.some((lost) => lost.how === how && 'who' in lost && lost.who === one)).toBe(true)
    for (const { step, from, to } of measured.sections) {
      const inside = all.filter((one) => one.how === 'kill' && one.company && Number(one.at) >= from && Number(one.at) <= to)
      expect(inside, `between two actions of ${step}`).not.toEqual([])
      const whole = measured.sections.filter((one) => one.step === step)
      const met = all.filter((one) => one.how === 'kill' && whole.some((own) => Number(one.at) >= own.from && Number(one.at) <= own.to))
      for (const { does, isHidden } of companiesOf(shape)) expect(met.map(sayKind), step).toContain(`${does} ${isHidden}`)
    }
    if (measured.held.to > measured.held.from)
      expect([...said].filter((one) => one.endsWith('the next one late')).length).toBeGreaterThan(0)
  }
})

test('pairs of troubles are among it: a loss and somebody who acts then, and a worker that dies with a host, twice, or before an action fails', () => {
  for (const { shape, measured } of operations) {
    const said = coverOf(shape, measured).map(sayTrouble)
    for (const pair of [/during .*, somebody/, /killed .* with \w+: /, /, the next one \d+ points later/, /, action \d+ of the next one: /])
      expect(said.some((one) => pair.test(one))).toBe(true)
  }
})

test('somebody who is met is answered both ways', () => {
  const { shape, measured } = operations[1]!
  for (const { does, isHidden } of companiesOf(shape)) {
    const met = coverOf(shape, measured).flatMap((one) => ('company' in one && one.company ? [one.company] : []))
    const said = met.filter((one) => one.does === does && one.isHidden === isHidden).map(({ says }) => says)
    expect(new Set(said), `${does} ${isHidden}`).toEqual(new Set(['resume', 'abandon']))
  }
})

test('the set is the same each time, has no case twice, and its parts are the whole', () => {
  for (const { shape, measured } of operations) {
    const all = coverOf(shape, measured).map(sayTrouble)
    expect(new Set(all).size).toBe(all.length)
    expect(coverOf(shape, measured).map(sayTrouble)).toEqual(all)
    const parts = [1, 2, 3, 4, 5].map((part) => partOf(all, part, 5))
    expect(parts.flat().toSorted()).toEqual(all.toSorted())
    expect(Math.max(...parts.map(({ length }) => length)) - Math.min(...parts.map(({ length }) => length))).toBeLessThanOrEqual(1)
  }
})

test('whatever is run of it has one of each kind first, then a second of each, from another place; nothing is left out', () => {
  for (const { shape, measured } of operations) {
    const all = coverOf(shape, measured)
    const ordered = tellingFirst(all, kindOfTrouble)
    expect(ordered.map(sayTrouble).toSorted()).toEqual(all.map(sayTrouble).toSorted())
    const kinds = new Set(all.map(kindOfTrouble))
    expect(new Set(ordered.slice(0, kinds.size).map(kindOfTrouble))).toEqual(kinds)
    const kills = ordered.flatMap((one) => (one.how === 'kill' && kindOfTrouble(one) === 'kill   ' ? [Number(one.at)] : []))
    for (const share of [0.25, 0.5]) {
      const early = kills.slice(0, Math.ceil(kills.length * share)).toSorted((a, b) => a - b)
      const gaps = early.slice(1).map((at, index) => at - early[index]!)
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(4 / share))
    }
  }
})

test('points are told apart by step, and by the actions between them', () => {
  const marks = [
    { from: 3, step: 'stop' },
    { from: 6, step: null },
    { from: 9, step: 'promote' },
    { from: 9, step: null },
  ]
  expect(sectionsOf(marks, 12)).toEqual([
    { step: 'the beginning', from: 1, to: 3 },
    { step: 'stop', from: 4, to: 6 },
    { step: 'stop', from: 7, to: 9 },
    { step: 'promote', from: 10, to: 12 },
  ])
})
