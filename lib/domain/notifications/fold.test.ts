import { describe, expect, test } from 'vitest'
import { beginAfter, changesOf, endAfter, flapSeconds, foldAcknowledged, foldEnd, foldReturn, type Told } from './fold'
import { incidentOf, troubleOf } from './incident.fixture'

const none = { began: [], returned: [], changed: [], ended: [] }
const told = (id: string, event: Told['event'], over: Partial<Told> = {}): Told => ({
  id,
  subscriptionId: 's',
  event,
  state: 'sent',
  mayHaveArrived: true,
  ...over,
})
const waiting = { state: 'waiting', mayHaveArrived: false } as const

describe('from one look to the next', () => {
  test('a trouble keeps its identity while it lasts, and an end gives it none back', () => {
    expect(changesOf([], [troubleOf()])).toEqual({ ...none, began: [troubleOf()] })
    expect(changesOf([incidentOf()], [troubleOf()])).toEqual(none)
    expect(changesOf([incidentOf()], [])).toEqual({ ...none, ended: [incidentOf()] })
    expect(changesOf([incidentOf({ endedAt: '2026-03-01T12:01:00.000Z' })], [])).toEqual(none)
  })

  test('one that comes back soon after its end is the same one', () => {
    const ended = incidentOf({ endedAt: '2026-03-01T12:01:00.000Z' })
    expect(changesOf([ended], [troubleOf()])).toEqual({ ...none, returned: [{ incident: ended, trouble: troubleOf() }] })
  })

  test('of two with one key the newer counts, and a trouble that is listed twice is one', () => {
    const old = incidentOf({ id: 'old', beganAt: '2026-03-01T11:00:00.000Z', endedAt: '2026-03-01T11:01:00.000Z' })
    expect(changesOf([incidentOf(), old], [troubleOf(), troubleOf()])).toEqual(none)
  })

  test('the same key in another territory or under another heading is another trouble', () => {
    const elsewhere = [troubleOf({ environmentIds: ['dev'] }), troubleOf({ kind: 'down' })]
    expect(changesOf([incidentOf()], [troubleOf(), ...elsewhere]).began).toEqual(elsewhere)
  })

  test('the order in which its territories are named says nothing', () => {
    expect(changesOf([incidentOf({ environmentIds: ['a', 'b'] })], [troubleOf({ environmentIds: ['b', 'a'] })])).toEqual(none)
  })

  test('what it says anew is noted, the age alone is not', () => {
    expect(changesOf([incidentOf()], [troubleOf({ detail: 'other' })]).changed).toHaveLength(1)
    expect(changesOf([incidentOf()], [troubleOf({ since: null })])).toEqual(none)
  })
})

describe('the end of a trouble', () => {
  test('who never heard of it hears nothing: neither its begin nor its end', () => {
    expect(foldEnd({ kind: 'down' }, [told('a', 'begin', waiting)])).toEqual({ fold: ['a'], tell: [] })
    expect(foldEnd({ kind: 'down' }, [])).toEqual({ fold: [], tell: [] })
  })

  test('who heard of it, or may have, hears that it is over', () => {
    expect(foldEnd({ kind: 'down' }, [told('a', 'begin')])).toEqual({ fold: [], tell: ['s'] })
    expect(foldEnd({ kind: 'down' }, [told('a', 'begin', { state: 'waiting', mayHaveArrived: true })])).toEqual({ fold: [], tell: ['s'] })
    expect(foldEnd({ kind: 'down' }, [told('a', 'begin'), told('b', 'acknowledge')])).toEqual({ fold: [], tell: ['s'] })
  })

  test('nobody hears it twice', () => {
    expect(foldEnd({ kind: 'down' }, [told('a', 'begin'), told('b', 'end')])).toEqual({ fold: [], tell: [] })
  })

  test('something that happened once has no end to tell', () => {
    expect(foldEnd({ kind: 'certificate' }, [told('a', 'begin')])).toEqual({ fold: [], tell: [] })
  })
})

describe('the return of a trouble', () => {
  test('while its end waits, the end is withdrawn and nothing is said', () => {
    expect(foldReturn([told('a', 'begin'), told('b', 'end', waiting)], ['s'])).toEqual({ fold: ['b'], tell: [] })
  })

  test('who heard its end, or nothing so far, hears its begin', () => {
    expect(foldReturn([told('a', 'begin'), told('b', 'end')], ['s'])).toEqual({ fold: [], tell: ['s'] })
    expect(foldReturn([told('a', 'begin', { state: 'folded', mayHaveArrived: false })], ['s'])).toEqual({ fold: [], tell: ['s'] })
  })
})

test('an acknowledged trouble is not told to who has not heard of it, and as such to PagerDuty where it was', () => {
  expect(foldAcknowledged([told('a', 'begin', waiting)], ['s'])).toEqual({ fold: ['a'], tell: [] })
  expect(foldAcknowledged([told('a', 'begin')], ['s'])).toEqual({ fold: [], tell: ['s'] })
  expect(foldAcknowledged([told('a', 'begin')], [])).toEqual({ fold: [], tell: [] })
})

test('one that keeps coming back is told at its third return at the latest, and its end ever later, up to the time after which it would be a new one', () => {
  expect([0, 1, 2, 3, 9].map((flaps) => beginAfter(1, flaps))).toEqual([30, 30, 30, 0, 0])
  expect([0, 1, 2, 3, 4, 50].map(endAfter)).toEqual([60, 120, 240, 480, flapSeconds, flapSeconds])
})
