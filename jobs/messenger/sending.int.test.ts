import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { noteAttempt, takeTurn } from '@/db/notifications/outbox'
import { forget } from '@/db/pg/cached'
import { getPool } from '@/db/pg/client'
import { changeRecord, getRecord } from '@/db/records/records'
import { eventsOf, type MessengerBench, openMessenger } from '@/e2e/harness/messenger'
import { actorIn } from '@/e2e/harness/two-territories'
import { troubleOf } from '@/lib/domain/notifications/incident.fixture'
import { signatureHeader } from '@/lib/domain/notifications/signature'
import type { Trouble } from '@/lib/domain/notifications/trouble'
import { resourceByName } from '@/lib/resources'

let bench: MessengerBench
beforeAll(async () => {
  bench = await openMessenger()
})
beforeEach(() => bench.clear())
afterAll(() => bench?.stop())

const subscription = resourceByName('subscription')!
const many = (count: number, over: Partial<Trouble> = {}): Trouble[] =>
  Array.from({ length: count }, (_, at) => troubleOf({ key: `k${at}`, label: `herd-${at}`, environmentIds: [bench.prod], ...over }))
const idsSent = () => bench.receiver.received.map(({ headers }) => headers['idempotency-key'])
const rowOf = async (id: string) => (await getPool().query('select * from subscriptions where id = $1', [id])).rows[0]
/** What its worker had is anybody's again. */
const workerIsDead = async () => {
  await getPool().query(`update subscriptions set claimed_until = now() - interval '1 second' where claimed_until is not null`)
  await getPool().query(`update deliveries set claimed_until = now() - interval '1 second' where claimed_until is not null`)
}

test('a worker that dies between sending and noting it sends once more, under the same id', async () => {
  await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  const turn = (await takeTurn())!
  await noteAttempt([turn.due[0]!.id], null)
  await bench.options.messages.send(
    await bench.options.destinationOf(turn.subscriptionId),
    { id: turn.due[0]!.id, at: turn.now, subscription: { id: turn.subscriptionId, name: turn.name }, consoleUrl: '', told: [] },
    AbortSignal.timeout(5_000),
  )
  await bench.send()
  expect(bench.receiver.received).toHaveLength(1)
  await workerIsDead()
  await bench.send()
  await bench.send()
  expect(idsSent()).toEqual([turn.due[0]!.id, turn.due[0]!.id])
})

test('the end of what a dead worker may have told is told', async () => {
  await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  const turn = (await takeTurn())!
  await noteAttempt([turn.due[0]!.id], null)
  await workerIsDead()
  await bench.look([])
  await bench.later()
  await bench.send()
  await bench.send()
  expect(eventsOf(bench.receiver.received).map(([event]) => event)).toEqual(['begin', 'end'])
})

test('many senders at once send each message once', async () => {
  for (const _ of [1, 2, 3]) await bench.subscribe()
  await bench.look(many(8))
  await bench.later()
  await Promise.all(Array.from({ length: 6 }, () => bench.send()))
  expect(bench.receiver.received).toHaveLength(24)
  expect(new Set(idsSent()).size).toBe(24)
})

describe('a destination that does not take messages', () => {
  test('is asked again later, is shown with what it said, on the front page of who saved it, and gets everything in order once it is back', async () => {
    const id = await bench.subscribe()
    bench.receiver.answer = { status: 503, body: 'closed' }
    await bench.look(many(3))
    await bench.later()
    await bench.send()
    expect(bench.receiver.received).toHaveLength(1)
    expect(await getRecord(bench.dana, subscription, id)).toMatchObject({ values: { state: 'failing', because: 'Answered 503: closed' } })
    const waiting = await bench.deliveries()
    expect(waiting.map(({ state, attempts }) => [state, attempts]).sort()).toEqual([
      ['waiting', 0],
      ['waiting', 0],
      ['waiting', 1],
    ])
    for (const { dueAt } of waiting) expect(dueAt.getTime()).toBeGreaterThan(Date.now())
    await getPool().query(`update subscriptions set failing_since = now() - interval '2 minutes'`)
    const failing = async (actor = bench.dana) => {
      forget('fleet')
      return (await fleetFacts(actor)).failingSubscriptions.map(({ because }) => because)
    }
    expect(await failing()).toEqual(['Answered 503: closed'])
    expect(await failing(actorIn('admin', null))).toEqual([])

    const [[, tried]] = eventsOf(bench.receiver.received) as [[string, string]]
    bench.receiver.answer = { status: 200 }
    bench.receiver.received.length = 0
    await bench.look([])
    await bench.later()
    await bench.send()
    expect(eventsOf(bench.receiver.received)).toEqual([
      ['begin', tried],
      ['end', tried],
    ])
    expect(await failing()).toEqual([])
    expect(await getRecord(bench.dana, subscription, id)).toMatchObject({ values: { state: 'delivering', because: null } })
  })

  test('is given up after a day, which the log shows', async () => {
    await bench.subscribe()
    bench.receiver.answer = { status: 500 }
    await bench.look(many(1))
    await bench.later()
    await bench.send()
    await getPool().query(`update deliveries set first_tried_at = now() - interval '25 hours'`)
    await bench.later()
    await bench.send()
    expect(await bench.deliveries()).toMatchObject([{ state: 'given-up', attempts: 2, answer: 'Answered 500' }])
  })

  test('keeps no sender busy with an end whose begin waits for another attempt', async () => {
    await bench.subscribe()
    bench.receiver.answer = { status: 503 }
    await bench.look(many(1))
    await bench.later()
    await bench.send()
    await bench.look([])
    await getPool().query(`update deliveries set due_at = now() where event = 'end'`)
    await bench.send()
    expect(bench.receiver.received).toHaveLength(1)
  })

  test('keeps no other subscription waiting', async () => {
    await bench.subscribe({ url: 'http://127.0.0.1:1/' })
    await bench.subscribe()
    await bench.look(many(2))
    await bench.later()
    await bench.send()
    expect(bench.receiver.received).toHaveLength(2)
  })
})

test('more than ten in a minute are one digest, and the next one waits for the minute to pass; PagerDuty gets each', async () => {
  await bench.subscribe()
  await bench.subscribe({ channel: 'pagerduty', routingKey: 'R0UTEKEY' })
  await bench.look(many(30))
  await bench.later()
  await bench.send()
  const hooks = () => bench.receiver.received.filter(({ headers }) => headers[signatureHeader])
  expect(hooks().map(({ body }) => JSON.parse(body).type)).toEqual(['digest'])
  expect(eventsOf(hooks())).toHaveLength(30)
  const keys = bench.receiver.received.filter(({ headers }) => !headers[signatureHeader]).map(({ body }) => JSON.parse(body).dedup_key)
  expect(new Set(keys).size).toBe(30)
  await bench.look(many(31))
  await bench.later()
  await bench.send()
  expect(hooks()).toHaveLength(1)
  await getPool().query(`update subscriptions set last_digest_at = now() - interval '61 seconds'`)
  await bench.later()
  await bench.send()
  expect(eventsOf(hooks().slice(1))).toEqual([['begin', 'herd-30']])
})

test('a digest that was not taken goes again as it was, under its id', async () => {
  await bench.subscribe()
  bench.receiver.answer = { status: 500 }
  await bench.look(many(12))
  await bench.later()
  await bench.send()
  bench.receiver.answer = { status: 200 }
  await bench.look(many(13))
  await bench.later()
  await bench.send()
  const [first, second, third] = bench.receiver.received.map(({ body }) => JSON.parse(body))
  expect(second.id).toBe(first.id)
  expect([first, second].map(({ troubles }) => troubles.length)).toEqual([12, 12])
  expect(third.troubles).toHaveLength(1)
})

test('during quiet hours messages wait, and critical ones pass', async () => {
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16)
  await bench.subscribe({ quietFrom: clock(-1), quietUntil: clock(1) })
  await bench.look([...many(1), ...many(1, { kind: 'down', severity: 1, label: 'standby' })])
  await bench.later()
  await bench.send()
  expect(eventsOf(bench.receiver.received)).toEqual([['begin', 'herd-0']])
  const [held] = (await bench.deliveries()).filter(({ state }) => state === 'waiting')
  expect(held.attempts).toBe(0)
  expect(held.dueAt.toISOString().slice(11, 16)).toBe(clock(1))
})

test('what somebody takes on is acknowledged in PagerDuty, and resolved when it is over', async () => {
  await bench.subscribe({ channel: 'pagerduty', routingKey: 'R0UTEKEY' })
  await bench.look(many(1))
  await bench.later()
  await bench.send()
  const taken = [{ kind: 'no-primary', key: 'k0', environmentId: bench.prod }]
  for (const _ of [1, 2]) await bench.look(many(1), taken)
  await bench.send()
  await bench.look([])
  await bench.later()
  await bench.send()
  expect(bench.receiver.received.map(({ body }) => JSON.parse(body).event_action)).toEqual(['trigger', 'acknowledge', 'resolve'])
})

test('a subscription of somebody who may not see its environment any more sends nothing, until somebody who may saves it', async () => {
  const id = await bench.subscribe()
  await bench.look(many(1))
  await bench.later()
  await getPool().query(`update people set is_disabled = true`)
  await bench.send()
  await getPool().query(`update people set is_disabled = false`)
  await getPool().query(`update grants set role = 'viewer'`)
  await bench.later()
  await bench.send()
  await getPool().query(`update grants set role = 'dba'`)
  expect(bench.receiver.received).toEqual([])
  expect((await rowOf(id)).because).toContain('no longer a DBA of prod')
  await bench.later()
  await bench.send()
  expect(bench.receiver.received).toHaveLength(1)
  const revision = (await rowOf(id)).revision
  await changeRecord(actorIn('dba', bench.prod), subscription, id, { note: 'mine now' }, revision)
  expect((await rowOf(id)).person_id).toBeNull()
})
