import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { getPool } from '@/db/pg/client'
import { openStage, type Stage, untilSeen } from '@/e2e/harness/stage'
import { submit } from '@/e2e/harness/submit'
import { waitForRun } from '@/jobs/requests'
import { systemActor } from '@/lib/kernel/access/access'
import { type Fleet, herd, standardEnvironments } from '@/lib/playground/fleet/fleet'
import { loadTarget } from '@/lib/playground/lab/load-cli'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { until } from '@/lib/playground/machine/processes'
import { numberOf } from './numbers'

const runTimeoutMs = 1_200_000
const region = 'eu-central-1'
const readersHost = 'app-readers.dev.db.lab.test'
const standby = 'b'
const types = ['m5.large', 'm5.xlarge'] as const
const run = promisify(execFile)

const fleetOfThree = (major: number): Fleet => ({
  name: 'resize',
  postgresMajor: major,
  environments: standardEnvironments,
  hosts: ['a', 'b', 'c'].map((name, at) => ({ name, address: `198.18.24.${at + 1}`, environment: 'dev', site: 'ams', tags: [] })),
  herds: [{ ...herd(major, 'dev', 'app', 5432, 'a > b, c', 'app'), readersHost }],
  strays: [],
  groups: [],
  people: [],
  hasNames: true,
  cloud: {
    environment: 'dev',
    machines: ['a', 'b', 'c'].map((name) => ({ host: name, name, zone: `${region}a`, type: types[0], volumeGb: 20, cluster: 'app' })),
  },
})

interface Counted {
  reads: number
  errors: number
  outMs: number
  because: string
}

/** Reads through the name until what it returns is called. */
const startReaders = (stage: Stage): (() => Promise<Counted>) => {
  const { lab } = stage
  const names = lab.names()
  const { database, user, password } = loadTarget(lab, 'app')
  const order = {
    ...{ name: readersHost, resolver: names.resolver.address, authority: names.primary.address, watched: lab.host(standby).address },
    ...{ port: 5432, database, user, password, readers: 4 },
  }
  const script = fileURLToPath(new URL('./resize-readers.ts', import.meta.url))
  const child = lab.spawn([process.execPath, '--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin!.end(JSON.stringify(order))
  let out = ''
  child.stdout!.on('data', (piece: Buffer) => {
    out += piece
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return async () => {
    child.kill('SIGTERM')
    await ended
    return JSON.parse(out) as Counted
  }
}

/** How long resolvers keep it, from now on. */
const setTtl = async ({ lab }: Stage, seconds: number): Promise<void> => {
  const { keyFile, primary } = lab.names()
  const standbys = ['b', 'c'].map((name) => `update add ${readersHost} ${seconds} A ${lab.host(name).address}`)
  const input = [`server ${primary.address}`, `update delete ${readersHost} A`, ...standbys, 'send', ''].join('\n')
  const { code, stderr } = await lab.run(['nsupdate', '-k', keyFile], { input })
  if (code !== 0) throw new Error(`nsupdate: ${stderr}`)
  await getPool().query('update dns_names set ttl_override = $1 where host_name = $2', [seconds, 'app-readers'])
}

const untilStreaming = async ({ lab }: Stage): Promise<void> => {
  const argv = ['psql', '-XAtqc', 'select status from pg_stat_wal_receiver']
  const isStreaming = async () => {
    const { code, stdout } = await lab.hosts.exec(standby, argv).catch(() => ({ code: 1, stdout: '' }))
    return code === 0 && stdout.trim() === 'streaming'
  }
  await until(`${standby} streams`, isStreaming, { timeoutMs: runTimeoutMs, everyMs: 200 })
}

/** What people write: stop, modify, start, wait, each state asked for again and again. Seconds from the stop until it streams. */
const byScript = async (stage: Stage, instanceId: string, type: string): Promise<number> => {
  const { endpoint, keys } = stage.cloud!
  const env = {
    NODE_ENV: 'production' as const,
    PATH: '/usr/bin:/bin',
    HOME: '/nonexistent',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
  const aws = (...args: string[]) =>
    run('/usr/bin/aws', ['--endpoint-url', endpoint, '--region', region, '--output', 'text', 'ec2', ...args], { env })
  const untilState = async (state: string) => {
    for (;;) {
      const query = 'Reservations[0].Instances[0].State.Name'
      if ((await aws('describe-instances', '--instance-ids', instanceId, '--query', query)).stdout.trim() === state) return
    }
  }
  const startedAt = performance.now()
  await aws('stop-instances', '--instance-ids', instanceId)
  await untilState('stopped')
  await aws('modify-instance-attribute', '--instance-id', instanceId, '--instance-type', type)
  await aws('start-instances', '--instance-ids', instanceId)
  await untilState('running')
  await untilStreaming(stage)
  return (performance.now() - startedAt) / 1000
}

const byRun = async (targetId: string, type: string): Promise<void> => {
  const { runId } = await submit({ operation: 'resize', targets: [targetId], input: { type } })
  const { state } = await waitForRun(systemActor, runId, { timeoutMs: runTimeoutMs })
  if (state !== 'done') throw new Error(`The resize ended as ${state}.`)
}

/** `--settle S`: seconds that the twin’s machines stay in each state between. `--ttl S`: of the name. */
export const bench = async (args: string[]) => {
  const [settle, ttl] = [numberOf(args, '--settle', 30), numberOf(args, '--ttl', 5)]
  const stage = await openStage(fleetOfThree(postgresMajor()), { cloud: { settleMs: settle * 1000 } })
  try {
    await setTtl(stage, ttl)
    await untilSeen(`select 3 - count(*)::int as missing from machines where tie = 'tied'`)
    const { rows } = await getPool().query<{ id: string; instanceId: string }>(
      `select i.id, m.instance_id as "instanceId" from instances i join servers s on s.id = i.server_id join machines m on m.server_id = s.id where s.hostname = $1`,
      [standby],
    )
    const [{ id, instanceId }] = rows as [{ id: string; instanceId: string }]

    const scriptReaders = startReaders(stage)
    const scriptSeconds = await byScript(stage, instanceId, types[1])
    const scripted = await scriptReaders()

    const ourReaders = startReaders(stage)
    await byRun(id, types[0])
    const ours = await ourReaders()

    const seconds = ours.outMs / 1000
    const row = (name: string, one: Counted, out: number) =>
      console.log(
        `${name.padEnd(34)}${out.toFixed(1).padStart(8)} s${String(one.errors).padStart(8)} errors of ${one.reads + one.errors} reads`,
      )
    console.log(`\nA standby made another type; ${settle} s in each state between, TTL ${ttl} s\n`)
    row('stop, modify, start, wait', scripted, scriptSeconds)
    row('Resize (out of its DNS name)', ours, seconds)
    if (ours.because !== '') console.log(ours.because)
    return {
      bench: 'resize',
      peer: 'stop, modify, start, wait with awscli',
      ratio: Number((scriptSeconds / seconds).toFixed(3)),
      readerErrors: ours.errors,
      // What the states of the machine take by themselves.
      floorSeconds: 2 * settle,
      ...{ seconds: Number(seconds.toFixed(1)), peerSeconds: Number(scriptSeconds.toFixed(1)), peerReaderErrors: scripted.errors },
    }
  } finally {
    await stage.close()
  }
}
