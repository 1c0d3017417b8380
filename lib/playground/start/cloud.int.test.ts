import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeInstancesCommand, EC2Client, StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLab, testFleet } from '@/e2e/harness/lab'
import type { Lab } from '../lab/lab'
import { until } from '../machine/processes'
import { openCloud } from './cloud'

const machine = { host: 'a', name: 'a', zone: 'eu-central-1a', type: 'm5.large', volumeGb: 20, cluster: 'shop' }
const fleet = { ...testFleet({}, { idleHosts: ['a'] }), cloud: { environment: 'prod', machines: [machine] } }
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

test('a machine of the playground’s cloud that is stopped shuts its host down, one that is started boots it, and hosts inside reach the cloud', async () => {
  const cloud = (await openCloud({ lab, fleet }, stateDirectory))!
  try {
    const { endpoint, keys, regions } = cloud.account
    expect(regions).toEqual(['eu-central-1'])
    const client = new EC2Client({ region: 'eu-central-1', endpoint, credentials: keys })
    const { Reservations } = await client.send(new DescribeInstancesCommand({}))
    const found = Reservations![0]!.Instances![0]!
    expect(found).toMatchObject({ State: { Name: 'running' }, PrivateIpAddress: fleet.hosts[0]!.address })
    const InstanceIds = [found.InstanceId!]
    const isOn = () => lab.hosts.mark('a') !== undefined
    await client.send(new StopInstancesCommand({ InstanceIds }))
    await until('the host to be off', () => !isOn(), { timeoutMs: 30_000 })
    const isStopped = async () =>
      (await client.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations![0]!.Instances![0]!.State!.Name === 'stopped'
    await until('EC2 to call it stopped', isStopped, { timeoutMs: 30_000, everyMs: 500 })
    await client.send(new StartInstancesCommand({ InstanceIds }))
    await until('the host to be on', isOn, { timeoutMs: 30_000 })
    const inside = lab.spawn(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', endpoint], { stdio: ['ignore', 'pipe', 'inherit'] })
    const answer = await new Promise<string>((resolve) => inside.stdout!.once('data', (piece: Buffer) => resolve(piece.toString())))
    expect(answer).toBe('401')
  } finally {
    await cloud.stop()
  }
})
