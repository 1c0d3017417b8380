import { expect, test } from 'vitest'
import { jobOf, newFleet, roles, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, settleDeadMen } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'

const pooler = 'demo pooler on front'
const clients = (fleet: MemoryFleet) => {
  settleDeadMen(fleet.world)
  const { host, isPaused } = fleet.pooler(pooler).databases.get('demo')!
  const server = [...fleet.world.instances.values()].find(({ inventory }) => inventory.address.host.address === host)
  return `${isPaused ? 'wait for' : 'go on to'} ${server?.inventory.title}`
}
const promoteByHand = (fleet: MemoryFleet, title: string) => {
  const one = fleet.instance(title)
  Object.assign(one, { hasStandbySignal: false, timeline: 2, forks: [{ timeline: 1, bytes: one.walBytes }], walBytes: one.walBytes + 0x78 })
}

/** A switchover whose only worker dies right after this act, or when it is about to send it. */
const abandoned = async ({ after, before, input = {} }: { after?: string; before?: string; input?: JsonObject }) => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  const death = new AbortController()
  const die = () => death.abort(new Fault('lease.lost', { because: 'the worker died' }))
  fleet.calls.afterwards = ({ act }) => (act === after ? die() : undefined)
  fleet.calls.interfere = ({ act }) => {
    if (act !== before) return undefined
    die()
    return { how: 'fail' }
  }
  const job = await jobOf(fleet, input)
  await expect(job.on(death.signal)).rejects.toMatchObject({ code: 'lease.lost' })
  fleet.calls.afterwards = () => {}
  fleet.calls.interfere = () => undefined
  const asked = () => job.journal.lines.findLast((line) => line.kind === 'attention')
  return { fleet, ...job, asked, n1: fleet.instance('demo on n1') }
}

test('a candidate promoted by hand while no worker lived, and cut off from the console, is not overruled: the old primary stays down, clients go to the new one, and the question names who cannot be seen', async () => {
  const { fleet, on, goOn, asked, n1 } = await abandoned({ after: 'stop as standby' })
  promoteByHand(fleet, 'demo on n2')
  fleet.host('n2').power = 'cut'
  expect(await on()).toBe('attention')
  expect([n1.state, n1.hasStandbySignal]).toEqual(['stopped', true])
  expect(asked()).toMatchObject({
    because: expect.stringContaining('demo on n2 cannot be seen, and may have been promoted since this job began'),
    question: expect.stringContaining('Let the console reach demo on n2'),
  })
  await fleet.clock.sleep(60_000)
  expect(clients(fleet)).toBe('go on to demo on n2')
  expect(await goOn()).toBe('attention')
  expect([n1.state, clients(fleet)]).toEqual(['stopped', 'go on to demo on n2'])
  fleet.host('n2').power = 'on'
  expect(await goOn()).toBe('attention')
  expect(asked()).toMatchObject({
    because: expect.stringContaining('demo on n2 takes writes, so demo on n1 is not made a primary beside it'),
  })
  expect([n1.state, clients(fleet)]).toEqual(['stopped', 'go on to demo on n2'])
  expect(fleet.world.violations).toEqual([])
})

test('nor is another standby that was promoted: the candidate alone was never the only one who could be', async () => {
  const { fleet, on, asked, n1 } = await abandoned({ after: 'stop as standby' })
  promoteByHand(fleet, 'demo on n3')
  expect(await on()).toBe('attention')
  expect(asked()).toMatchObject({ because: expect.stringContaining('demo on n3 takes writes') })
  expect(n1.state).toBe('stopped')
  expect(fleet.world.violations).toEqual([])
})

test('a slow host gets its time: a candidate that answers after four seconds is seen, and everything is undone', async () => {
  const { fleet, on, n1 } = await abandoned({ after: 'stop as standby' })
  fleet.host('n2').power = 'cut'
  void fleet.clock.sleep(4_000).then(() => {
    fleet.host('n2').power = 'on'
  })
  expect(await on()).toBe('undone')
  expect([n1.state, ...roles(fleet), clients(fleet)]).toEqual([
    'running',
    'demo on n1 primary 1',
    'demo on n2 standby 1',
    'demo on n3 standby 1',
    'go on to demo on n1',
  ])
})

test('a primary that still runs serves on although a standby cannot be seen: nobody is made writable, and no client waits', async () => {
  const { fleet, on, n1 } = await abandoned({ after: 'pause demo' })
  fleet.host('n3').power = 'off'
  expect(await on()).toBe('undone')
  expect([n1.state, clients(fleet)]).toEqual(['running', 'go on to demo on n1'])
})

test('a record that somebody else replaced the old primary holds it down, and is not taken away', async () => {
  const { fleet, on, asked, n1 } = await abandoned({ after: 'stop as standby' })
  n1.replaced = { byId: fleet.instance('demo on n3').inventory.id, timeline: 2, because: 'demo on n3 was promoted in its place.' }
  expect(await on()).toBe('attention')
  expect(asked()).toMatchObject({ because: expect.stringContaining('demo on n3 was promoted in its place') })
  expect([n1.state, n1.replaced]).toMatchObject(['stopped', { timeline: 2 }])
})

const takesLead = { before: 'take over' }

test('past its point of no return too: the candidate is not promoted beside another member that was, seen or not', async () => {
  const { fleet, on, goOn, asked } = await abandoned(takesLead)
  promoteByHand(fleet, 'demo on n3')
  fleet.host('n3').power = 'cut'
  expect(await on()).toBe('attention')
  expect(asked()).toMatchObject({
    because: expect.stringContaining('demo on n3 cannot be seen'),
    question: expect.stringContaining('Let the console reach demo on n3, or delete from the herd what is gone for good'),
  })
  fleet.host('n3').power = 'on'
  expect(await goOn()).toBe('attention')
  expect(asked()).toMatchObject({ because: expect.stringContaining('demo on n3 takes writes, so demo on n2 is not made a primary') })
  expect(roles(fleet)[1]).toBe('demo on n2 standby 1')
  expect(fleet.world.violations).toEqual([])
})

test('with everybody in sight and nobody else promoted, the next worker finishes what was begun', async () => {
  const { fleet, on } = await abandoned(takesLead)
  expect(await on()).toBe('done')
  expect([...roles(fleet), clients(fleet)]).toEqual([
    'demo on n1 standby 2',
    'demo on n2 primary 2',
    'demo on n3 standby 2',
    'go on to demo on n2',
  ])
})

test('clients that wait when a person abandons the job go on as soon as anybody takes writes: their timer outlives the job', async () => {
  const { fleet, on, giveUp } = await abandoned(takesLead)
  fleet.host('n3').power = 'cut'
  expect(await on()).toBe('attention')
  expect(await giveUp()).toBe('failed')
  expect(clients(fleet)).toBe('wait for demo on n2')
  promoteByHand(fleet, 'demo on n3')
  await fleet.clock.sleep(60_000)
  expect(clients(fleet)).toBe('go on to demo on n3')
})

test('where no timer stands by, the question says whose clients wait', async () => {
  const { fleet, on, asked } = await abandoned({ after: 'stop as standby', input: { timers: false } })
  fleet.host('n2').power = 'cut'
  expect(await on()).toBe('attention')
  expect(asked()).toMatchObject({
    because: expect.stringContaining('Clients of demo pooler on front are paused, and no timer resumes them'),
  })
})

test('poolers that somebody has pointed at another primary meanwhile are not pointed back by a job that is resumed', async () => {
  const { fleet, on, goOn, asked } = await abandoned({ after: 'follow' })
  const [n2, n3] = [fleet.instance('demo on n2'), fleet.instance('demo on n3')]
  Object.assign(n3, { hasStandbySignal: false, timeline: 3, forks: [...n2.forks, { timeline: 2, bytes: n2.walBytes }] })
  Object.assign(n2, { hasStandbySignal: true })
  const front = fleet.pooler(pooler)
  const [from, to] = [n2, n3].map(({ inventory }) => inventory.address.host.address) as [string, string]
  front.file!.text = front.file!.text.replaceAll(from, to)
  front.databases.get('demo')!.host = to
  for (let state = await on(), asks = 0; state === 'attention' && asks < 3; asks += 1) state = await goOn()
  expect(asked()?.question).toMatch(/abandon/i)
  expect(clients(fleet)).toBe('go on to demo on n3')
  expect(fleet.world.violations).toEqual([])
})

test.each([
  ['while everything is prepared', 'checkpoint', []],
  ['while clients are paused', 'pause demo', ['stop fast', 'fence']],
])(
  'a driver that lives hears of a member that somebody promotes %s: the candidate is not promoted beside it',
  async (_when, act, stopped) => {
    const fleet = newFleet({ poolers: ['front'] })
    say(fleet, {})
    let isFirst = true
    fleet.calls.afterwards = (call) => {
      if (call.act !== act || !isFirst) return
      isFirst = false
      promoteByHand(fleet, 'demo on n3')
    }
    const job = await jobOf(fleet)
    const state = await job.on()
    expect(roles(fleet)[1]).toBe('demo on n2 standby 1')
    expect(fleet.instance('demo on n1').applied.filter((one) => stopped.includes(one))).toEqual(stopped)
    const said = job.journal.lines.findLast((line) => line.kind === 'failed')
    expect(said).toMatchObject({ because: expect.stringContaining('demo on n3 takes writes, so demo on n2 is not made a primary') })
    expect(state).toBe(stopped.length === 0 ? 'undone' : 'attention')
    expect(fleet.pooler(pooler).databases.get('demo')!.isPaused).toBe(stopped.length > 0)
    fleet.calls.afterwards = () => {}
    expect(clients(fleet)).toBe(stopped.length === 0 ? 'go on to demo on n1' : 'wait for demo on n2')
    await fleet.clock.sleep(60_000)
    expect(clients(fleet)).toBe(stopped.length === 0 ? 'go on to demo on n1' : 'go on to demo on n3')
  },
)
