import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { startLab, testFleet } from '@/e2e/harness/lab'
import { newestImage } from '../cloud/launch/images'
import { askCloud } from '../lab/cloud-cli'
import type { Lab } from '../lab/lab'
import { until } from '../machine/processes'
import { openCloud } from './cloud'

const region = 'eu-central-1'
const zone = `${region}a`
const machine = { host: 'a', name: 'a', zone, type: 'm5.large', volumeGb: 20, cluster: 'shop' }
const fleet = { ...testFleet({}, { idleHosts: ['a', 'spare'] }), cloud: { environment: 'prod', machines: [machine], spares: ['spare'] } }
const stateDirectory = mkdtempSync(join(tmpdir(), 'cloud-'))
let lab: Lab
let close: (() => Promise<void>) | undefined
beforeAll(async () => {
  ;({ lab, close } = await startLab(fleet))
})
afterAll(async () => {
  await close?.()
  rmSync(stateDirectory, { recursive: true, force: true })
})

const told = (...words: string[]) => askCloud(lab, words)
const row = async () => (await told('list')).rows![1]

test('Debian’s awscli stops, changes and starts a machine of the playground with its host, the lab’s tool takes capacity and rights away, and a type outlives the playground', async () => {
  const cloud = (await openCloud({ lab, fleet }, stateDirectory))!
  try {
    const { endpoint, keys, regions } = cloud.account
    expect(regions).toEqual([region])
    const aws = (...args: string[]) => awscli({ endpoint, region }, keys, ['ec2', ...args])
    const listed = (await aws('describe-instances')) as { Reservations: { Instances: Record<string, unknown>[] }[] }
    const found = listed.Reservations[0]!.Instances[0]!
    expect(found).toMatchObject({ State: { Name: 'running' }, PrivateIpAddress: fleet.hosts[0]!.address })
    const id = String(found.InstanceId)
    expect(await row()).toEqual(['a', id, 'm5.large', zone, 'on-demand', 'running', 'a'])

    await told('deny', 'ec2:StopInstances')
    expect(await codeOf(aws('stop-instances', '--instance-ids', id))).toBe('UnauthorizedOperation')
    await told('allow', 'ec2:StopInstances')
    await aws('stop-instances', '--instance-ids', id)
    const isOn = () => lab.hosts.mark('a') !== undefined
    await until('the host to be off', () => !isOn(), { timeoutMs: 30_000 })
    await until('EC2 to call it stopped', async () => (await row())![5] === 'stopped', { timeoutMs: 30_000 })
    await aws('modify-instance-attribute', '--instance-id', id, '--instance-type', 'm5.xlarge')
    await told('capacity', 'off', 'm5.xlarge', zone)
    expect(await codeOf(aws('start-instances', '--instance-ids', id))).toBe('InsufficientInstanceCapacity')
    await told('capacity', 'on', 'm5.xlarge', zone)
    await aws('start-instances', '--instance-ids', id)
    await until('the host to be on', isOn, { timeoutMs: 30_000 })

    await expect(told('capacity', 'off', 'm5.none', zone)).rejects.toThrow('EC2 does not offer m5.none in eu-central-1a.')
    await expect(told('evict', 'a')).rejects.toThrow('a is not a spot machine, and AWS reclaims only those.')
    const inside = lab.spawn(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', endpoint], { stdio: ['ignore', 'pipe', 'inherit'] })
    const answer = await new Promise<string>((resolve) => inside.stdout!.once('data', (piece: Buffer) => resolve(piece.toString())))
    expect(answer).toBe('401')
    expect(lab.hosts.mark('spare')).toBeUndefined()
    const launch = () => aws('run-instances', '--image-id', newestImage(region), '--instance-type', 'm5.large')
    const { Instances } = (await launch()) as { Instances: { InstanceId: string }[] }
    expect(await codeOf(launch())).toBe('InsufficientInstanceCapacity')
    const [launched] = Instances.map(({ InstanceId }) => InstanceId)
    const consoleText = async () => ((await aws('get-console-output', '--instance-id', launched!)) as { Output?: string }).Output ?? ''
    await until('its console', async () => (await consoleText()).includes('(ED25519)'), { timeoutMs: 30_000 })
    expect((await lab.ssh('spare', ['true'])).code).toBe(0)
    await lab.hosts.mustExec('spare', ['touch', 'left'])
    await aws('terminate-instances', '--instance-ids', launched!)
    await until('the spare host to be off', () => lab.hosts.mark('spare') === undefined, { timeoutMs: 30_000 })
    await until('the next launch', async () => (await launch().catch(() => null)) !== null, { timeoutMs: 30_000 })
    await until('the spare host to be on', () => lab.hosts.mark('spare') !== undefined, { timeoutMs: 30_000 })
    expect((await lab.hosts.exec('spare', ['ls', 'left'])).code).not.toBe(0)
  } finally {
    await cloud.stop()
  }
  await expect(told('list')).rejects.toThrow('The cloud of this playground is not up.')
  const again = (await openCloud({ lab, fleet }, stateDirectory))!
  expect(await row()).toEqual(['a', expect.any(String), 'm5.xlarge', zone, 'on-demand', 'running', 'a'])
  await until('what was launched', async () => (await told('list')).rows!.at(-1)!.slice(5).join() === 'running,spare', {
    timeoutMs: 30_000,
  })
  await again.stop()
})
