import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NewMember, SomePorts } from '@/lib/ports'
import { faultOf } from './caught'

/** A fleet that is registered and that nobody else changes; each list is in the order of titles. */
export interface InventoryStage {
  ports: SomePorts<'inventory'>
  environmentId: string
  /** Has three members, seen just now: the first is the primary, the others follow. */
  herd: { id: string; name: string }
  members: readonly { id: string; title: string }[]
  /** Of the same environment, without a name; its own is not all lower case. */
  otherHerd: { id: string; name: string }
  /** Runs no member of the herd. */
  freeServer: { id: string; title: string }
  /** Follow members of the herd. */
  names: readonly { id: string; title: string; type: string }[]
  zone: { id: string; title: string }
  /** Serve the herd; the second was registered with the other one. */
  poolers: readonly { id: string; title: string }[]
  /** A member to be, on the free server. */
  newcomer: NewMember
  /** Actions on this member get no answer; the returned function resumes them. */
  hold: (memberId: string) => Promise<() => Promise<void>>
  stop: () => Promise<void>
}

const limits = { timeoutMs: 20_000 }
const nobody = '00000000-0000-4000-8000-000000000000'
const missing = { code: 'record.missing' }

/** What operations rely on where they ask for what is registered and record what became of it, of the twin and of the real thing alike. Call it at the top level of a test file. */
export const inventoryContract = (title: string, open: () => Promise<InventoryStage>): void => {
  describe(`the inventory port: ${title}`, () => {
    let stage: InventoryStage
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const read = () => stage.ports.read.inventory
    const act = () => stage.ports.act.inventory
    const standingOf = async (id: string) => (await read().herdStanding(stage.herd.id)).members.find((one) => one.id === id)!

    test('a member is found by its id, with its herd, its environment and the way to it', async () => {
      for (const { id, title } of stage.members) {
        const found = await read().instance(id)
        expect(found).toMatchObject({ id, title, herdId: stage.herd.id, herdName: stage.herd.name, environmentId: stage.environmentId })
        expect(found.address).toMatchObject({ instanceId: id, herdId: stage.herd.id, host: { serverId: found.serverId } })
        const server = await read().server(found.serverId)
        expect(server).toMatchObject({ environmentId: stage.environmentId, address: found.address.host, profile: found.address.profile })
      }
    })

    test('members, names and poolers of a herd come in the order of their titles, and none of a herd that is not there', async () => {
      expect((await read().herdInstances(stage.herd.id)).map(({ id, title }) => ({ id, title }))).toEqual(stage.members)
      expect((await read().herdNames(stage.herd.id)).map(({ id, title, type }) => ({ id, title, type }))).toEqual(stage.names)
      expect((await read().herdPoolers(stage.herd.id)).map(({ id, title }) => ({ id, title }))).toEqual(stage.poolers)
      expect(await read().herdNames(stage.otherHerd.id)).toEqual([])
      expect(await read().herdInstances(nobody)).toEqual([])
      expect(await read().herdNames(nobody)).toEqual([])
      expect(await read().herdPoolers(nobody)).toEqual([])
    })

    test('a herd is found by its id and by its name, whatever the case, in its own environment only', async () => {
      const { id, name } = stage.otherHerd
      for (const asked of [id, name, name.toLowerCase(), name.toUpperCase()])
        expect(await read().herdIn(stage.environmentId, asked)).toMatchObject({ id, name, environmentId: stage.environmentId })
      expect(await read().herdIn(stage.environmentId, 'no such herd')).toBeNull()
      expect(await read().herdIn(nobody, name)).toBeNull()
    })

    test('a pooler names the herd that it was registered with first, and is found from each that it serves', async () => {
      const [, shared] = stage.poolers
      const found = await read().pooler(shared!.id)
      expect(found).toMatchObject({ herdId: stage.otherHerd.id, herdName: stage.otherHerd.name, isManaged: false, template: null })
      expect(found.herds).toEqual([stage.otherHerd, stage.herd])
      expect((await read().herdPoolers(stage.otherHerd.id)).map(({ id }) => id)).toEqual([shared!.id])
    })

    test('a name carries its zone, and the zone is found by itself', async () => {
      const name = await read().name(stage.names[0]!.id)
      expect(name).toMatchObject({ ...stage.names[0]!, herdId: stage.herd.id, zone: { zoneId: stage.zone.id, name: stage.zone.title } })
      expect(await read().zone(stage.zone.id)).toMatchObject({ ...stage.zone, address: name.zone, environmentId: stage.environmentId })
    })

    test('what is not registered is missing, whatever it is asked for as', async () => {
      const { instance, server, name, zone, pooler, herdStanding } = read()
      for (const ask of [instance, server, name, zone, pooler, herdStanding]) await expect(ask(nobody)).rejects.toMatchObject(missing)
    })

    test('a herd’s standing tells of each member what it was last seen as, and who was replaced', async () => {
      const standing = await read().herdStanding(stage.herd.id)
      expect(standing).toMatchObject({ herdId: stage.herd.id, name: stage.herd.name, environmentId: stage.environmentId })
      expect(standing.members.map(({ id }) => id)).toEqual(stage.members.map(({ id }) => id))
      expect(standing.members.map(({ lastRole }) => lastRole)).toEqual(['primary', 'standby', 'standby'])
      for (const member of standing.members) {
        expect(member).toMatchObject({ failoverPriority: 100, lastTimeline: 1, isUnreachable: false, replaced: null })
        expect(member.lastLsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
        expect(Date.parse(member.seenAt!)).not.toBeNaN()
      }
    })

    test('who was replaced is so until it is lifted; each may be said twice, the last word counts, and it is said of members only', async () => {
      const [old, candidate] = stage.members
      const by = { byId: candidate!.id, timeline: 2, because: 'it was promoted in its place' }
      for (const timeline of [2, 2, 3]) {
        await act().replace(old!.id, { ...by, timeline }, limits)
        expect((await standingOf(old!.id)).replaced).toEqual({ ...by, timeline })
      }
      expect((await standingOf(candidate!.id)).replaced).toBeNull()
      for (const _ of [1, 2]) {
        await act().restore(old!.id, limits)
        expect((await standingOf(old!.id)).replaced).toBeNull()
      }
      await expect(act().replace(nobody, by, limits)).rejects.toMatchObject(missing)
      await expect(act().restore(nobody, limits)).rejects.toMatchObject(missing)
    })

    test('a member is registered once, under the id that was given, and removed once', async () => {
      const { newcomer } = stage
      const title = `${stage.herd.name} on ${stage.freeServer.title}`
      for (const _ of [1, 2]) await act().register(newcomer, limits)
      const { address, ...found } = await read().instance(newcomer.id)
      expect(found).toMatchObject({ title, serverId: stage.freeServer.id, herdId: stage.herd.id })
      expect(address).toMatchObject({ port: newcomer.port, dataDirectory: newcomer.dataDirectory })
      expect(await read().herdInstances(stage.herd.id)).toHaveLength(stage.members.length + 1)
      const seen = { lastRole: 'unknown', lastTimeline: null, lastLsn: null, seenAt: null, replaced: null }
      expect(await standingOf(newcomer.id)).toMatchObject(seen)
      for (const _ of [1, 2]) await act().unregister(newcomer.id, limits)
      await expect(read().instance(newcomer.id)).rejects.toMatchObject(missing)
      await expect(act().replace(newcomer.id, { byId: nobody, timeline: 2, because: '' }, limits)).rejects.toMatchObject(missing)
      expect((await read().herdInstances(stage.herd.id)).map(({ id }) => id)).toEqual(stage.members.map(({ id }) => id))
      await act().unregister(nobody, limits)
    })

    test('a second member of the herd on one server is refused, and so is one of a herd or on a server that is not there', async () => {
      const { newcomer } = stage
      const { serverId } = await read().instance(stage.members[0]!.id)
      const beside = act().register({ ...newcomer, serverId }, limits)
      await expect(beside).rejects.toMatchObject({ code: 'record.duplicate', facts: { isOver: true } })
      await expect(act().register({ ...newcomer, herdId: nobody }, limits)).rejects.toMatchObject(missing)
      await expect(act().register({ ...newcomer, serverId: nobody }, limits)).rejects.toMatchObject(missing)
      expect((await read().herdInstances(stage.herd.id)).map(({ id }) => id)).toEqual(stage.members.map(({ id }) => id))
    })

    test('each token for a pooler’s file is higher than every one before, also of those that ask at once', async () => {
      const [{ id }, { id: another }] = [stage.poolers[0]!, stage.poolers[1]!]
      const tokens = [await act().claimPooler(id, limits)]
      tokens.push(...(await Promise.all([1, 2, 3].map(() => act().claimPooler(id, limits)))).sort((a, b) => a - b))
      await act().claimPooler(another, limits)
      tokens.push(await act().claimPooler(id, limits))
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
      await expect(act().claimPooler(nobody, limits)).rejects.toMatchObject(missing)
    })

    test('a pooler is managed with its template, serves the herds that it names, and is left to itself without one', async () => {
      const { id } = stage.poolers[0]!
      const template = `[databases]\nbilling = host={{host:${stage.otherHerd.name}}}\n`
      for (const _ of [1, 2]) await act().managePooler(id, template, limits)
      const managed = await read().pooler(id)
      expect(managed).toMatchObject({ isManaged: true, template, herds: [stage.herd, stage.otherHerd] })
      expect((await read().herdPoolers(stage.otherHerd.id)).map((one) => one.id)).toContain(id)
      await act().managePooler(id, null, limits)
      expect(await read().pooler(id)).toMatchObject({ isManaged: false, template: null })
      await expect(act().managePooler(nobody, template, limits)).rejects.toMatchObject(missing)
    })

    test('an act that is not answered ends at its deadline, and when it is cancelled: surely nothing of it stays', async () => {
      const [held, other] = stage.members
      const by = { byId: other!.id, timeline: 9, because: 'it was given up' }
      const letGo = await stage.hold(held!.id)
      const askedAt = performance.now()
      const late = await faultOf(act().replace(held!.id, by, { timeoutMs: 300 }))
      expect(late).toMatchObject({ code: 'database.down', facts: { isOver: true } })
      const stop = new AbortController()
      const waiting = faultOf(act().replace(held!.id, by, { ...limits, signal: stop.signal }))
      stop.abort()
      expect(await waiting).toMatchObject({ code: 'shell.cancelled', facts: { isOver: true } })
      expect(performance.now() - askedAt).toBeLessThan(limits.timeoutMs / 2)
      const given = faultOf(act().replace(held!.id, by, { ...limits, signal: AbortSignal.abort() }))
      expect(await given).toMatchObject({ code: 'shell.cancelled', facts: { isOver: true } })
      await letGo()
      await act().replace(held!.id, { ...by, timeline: 10 }, limits)
      await act().restore(held!.id, limits)
      expect((await standingOf(held!.id)).replaced).toBeNull()
    })
  })
}
