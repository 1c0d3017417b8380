import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LaunchPlace, MachineSpec, SomePorts } from '@/lib/ports'
import { codeOf } from './code-of'

export interface LaunchesStage {
  ports: SomePorts<'cloud'>
  place: LaunchPlace
  /** Time passes: what is on its way from one state to another comes to its end. */
  settle: () => Promise<void>
  /** The cloud has no machine of that type to give in that zone. */
  exhaust: (type: string, zone: string) => void
  stop: () => Promise<void>
}

const limits = { timeoutMs: 5_000 }

/** The contract for launching herds, of the twin and of the real adapter alike. */
export const launchesContract = (title: string, open: () => Promise<LaunchesStage>) => {
  describe(title, () => {
    let stage: LaunchesStage
    let counter = 0
    beforeAll(async () => {
      stage = await open()
    })
    afterAll(() => stage?.stop())

    const read = () => stage.ports.read.cloud
    const act = () => stage.ports.act.cloud
    const ours = async (tag: string) => read().launched(stage.place, { 'test:part': tag }, limits)
    const fresh = () => `part-${++counter}`
    const spec = async (tag: string, given: Partial<MachineSpec> = {}): Promise<MachineSpec> => ({
      token: tag,
      imageId: (await read().image(stage.place, 'x86_64', limits))!.id,
      type: 'm5.large',
      market: 'spot',
      priceMaxUsd: null,
      zone: `${stage.place.region}a`,
      subnetId: null,
      groupIds: [],
      keyName: null,
      hasPublicAddress: true,
      userData: '#cloud-config\n',
      rootGb: 20,
      volume: { sizeGb: 50, kind: 'gp3', iops: 4000, mibs: null },
      tags: { 'test:part': tag, 'matriarch:blueprint': 'contract' },
      ...given,
    })
    const gone = async (ids: string[]) => {
      await act().terminate(stage.place, ids, limits)
      await stage.settle()
    }

    test('a machine is launched once however often it is asked for with its token, and has its tags, its group and a volume of its own', async () => {
      const tag = fresh()
      await act().makeGroup(
        stage.place,
        { name: tag, description: 'of a test', vpcId: null, tags: { 'test:part': tag, 'matriarch:blueprint': 'contract' } },
        limits,
      )
      const [group] = (await ours(tag)).groups
      const wanted = await spec(tag, { groupIds: [group!.id] })
      await act().launch(stage.place, wanted, limits)
      await act().launch(stage.place, wanted, limits)
      await stage.settle()
      const { machines, volumes } = await ours(tag)
      expect(machines).toMatchObject([{ state: 'running', type: 'm5.large', market: 'spot', zone: `${stage.place.region}a` }])
      expect(machines[0]!.publicAddress).not.toBeNull()
      expect(volumes.map(({ device, sizeGb, machineId, goesWithMachine }) => [device, sizeGb, machineId, goesWithMachine]).sort()).toEqual([
        ['/dev/sdf', 50, machines[0]!.id, false],
        ['/dev/xvda', 20, machines[0]!.id, true],
      ])
      expect(await codeOf(act().launch(stage.place, { ...wanted, rootGb: 30 }, limits))).toBe('cloud.refused')

      expect(await codeOf(act().dropGroup(stage.place, group!.id, limits)), 'a machine is in it').toBe('cloud.wrong-state')
      const data = volumes.find(({ goesWithMachine }) => !goesWithMachine)!
      expect(await codeOf(act().dropVolume(stage.place, data.id, limits)), 'it is attached').toBe('cloud.wrong-state')
      await gone([machines[0]!.id])
      const left = await ours(tag)
      expect(left.machines).toMatchObject([{ state: 'terminated' }])
      expect(left.volumes, 'the data outlives its machine').toMatchObject([{ id: data.id, state: 'available', machineId: null }])
      await act().terminate(stage.place, [machines[0]!.id], limits)
      const next = fresh()
      await act().launch(stage.place, await spec(next, { volume: null }), limits)
      await stage.settle()
      const instanceId = (await ours(next)).machines[0]!.id
      for (const _again of [1, 2]) await act().attach(stage.place, data.id, { instanceId, device: '/dev/sdf' }, limits)
      await stage.settle()
      expect((await ours(tag)).volumes).toMatchObject([{ id: data.id, state: 'in-use', machineId: instanceId, goesWithMachine: false }])
      expect(await codeOf(act().attach(stage.place, data.id, { instanceId: machines[0]!.id, device: '/dev/sdf' }, limits))).toBe(
        'cloud.wrong-state',
      )
      await gone([instanceId])
      await act().dropVolume(stage.place, data.id, limits)
      await act().dropGroup(stage.place, group!.id, limits)
      const nothing = await ours(tag)
      expect([nothing.volumes, nothing.groups]).toEqual([[], []])
    })

    test('a group lets in whom it was told to, and telling it again changes nothing', async () => {
      const tag = fresh()
      const group = { name: tag, description: 'of a test', vpcId: null, tags: { 'test:part': tag, 'matriarch:blueprint': 'contract' } }
      await act().makeGroup(stage.place, group, limits)
      await act().makeGroup(stage.place, group, limits)
      const [{ id, rules } = { id: '', rules: [] }, ...more] = (await ours(tag)).groups
      expect([rules, more]).toEqual([[], []])
      const wanted = [
        { port: 22, network: '198.51.100.7/32', description: 'the console' },
        { port: 5432, network: '203.0.113.0/24', description: 'clients' },
      ]
      await act().allow(stage.place, id, wanted.slice(0, 1), limits)
      await act().allow(stage.place, id, wanted, limits)
      expect((await ours(tag)).groups[0]!.rules).toEqual(wanted)
      await act().dropGroup(stage.place, id, limits)
      expect(await codeOf(act().allow(stage.place, id, wanted, limits))).toBe('cloud.refused')
    })

    test('a tag that is set later is found by, and the others stay', async () => {
      const tag = fresh()
      await act().launch(stage.place, await spec(tag, { volume: null, market: 'on-demand' }), limits)
      await stage.settle()
      const [machine] = (await ours(tag)).machines
      await act().tag(stage.place, [machine!.id], { 'test:key': 'SHA256:abc' }, limits)
      const found = await read().launched(stage.place, { 'test:key': 'SHA256:abc', 'test:part': tag }, limits)
      expect(found.machines).toMatchObject([
        { id: machine!.id, market: 'on-demand', tags: { 'test:part': tag, 'matriarch:blueprint': 'contract' } },
      ])
      await gone([machine!.id])
    })

    test('what cannot be launched says which it is: no capacity, not of that architecture, nothing of that name', async () => {
      const tag = fresh()
      const zone = `${stage.place.region}b`
      stage.exhaust('c5.large', zone)
      const launch = async (given: Partial<MachineSpec>) => codeOf(act().launch(stage.place, await spec(tag, given), limits))
      expect(await launch({ type: 'c5.large', zone })).toBe('cloud.no-capacity')
      expect(await launch({ type: 'm6g.large' })).toBe('cloud.unfit')
      expect(await launch({ groupIds: ['sg-00000000'] })).toBe('cloud.refused')
      expect((await ours(tag)).machines).toEqual([])
      const mayLaunch = async (given: Partial<MachineSpec>) => codeOf(read().mayLaunch(stage.place, await spec(tag, given), limits))
      expect(await mayLaunch({})).toBe('no fault')
      expect(await mayLaunch({ groupIds: ['sg-00000000'] })).toBe('cloud.refused')
      expect((await ours(tag)).machines, 'asking launches nothing').toEqual([])
    })
  })
}
