import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FleetPatroni } from '../fleet/fleet'
import type { Verdict } from '../load/ledger'
import type { LoadSummary, Target } from '../load/load'
import { LabError } from '../machine/error'
import { until } from '../machine/processes'
import { readSecrets } from '../machine/secrets'
import { allHerds } from '../services/patroni/as-herd'
import { poolerPort } from '../services/poolers'
import type { Lab } from './lab'

const child = fileURLToPath(new URL('../load/load-child.ts', import.meta.url))
const childArgv = [process.execPath, '--import', 'tsx', child]

/** Who comes through a pooler waits while it is paused. */
const pooledAnswerMs = 60_000

/** How an application reaches a herd: any member, whichever is the primary; or the poolers on these hosts. */
export function loadTarget(lab: Lab, herdName: string, through: readonly string[] = []): Target {
  const herds = allHerds(lab.fleet)
  const herd = herds.find((one) => one.name === herdName)
  if (!herd) throw new LabError(`The lab has no herd ${herdName}.`, { hint: `It has ${herds.map((one) => one.name).join(', ')}.` })
  const members = herd.members.map(({ host }) => ({ host: lab.host(host).address, port: herd.port }))
  const endpoints = through.length === 0 ? members : through.map((host) => ({ host: lab.host(host).address, port: poolerPort }))
  return {
    endpoints,
    database: herd.baseName,
    user: 'app',
    password: readSecrets(lab.layout).app,
    ...(through.length === 0 ? {} : { answerTimeoutMs: pooledAnswerMs }),
  }
}

/** How an application reaches a cluster of Patroni: through the poolers in front. */
export const patroniTarget = (lab: Lab, { doors, baseName }: FleetPatroni): Target => ({
  endpoints: doors.map((host) => ({ host: lab.host(host).address, port: poolerPort })),
  database: baseName,
  user: 'app',
  password: readSecrets(lab.layout).app,
  answerTimeoutMs: pooledAnswerMs,
})

/** A herd of the fleet, or where the application reaches what the lab knows nothing of. */
const targetOf = (lab: Lab, herd: string | Target, through?: readonly string[]): Target =>
  typeof herd === 'string' ? loadTarget(lab, herd, through) : herd

/** The playground's application, which writes through the poolers of every herd that has any; null: none has. `input` goes to its standard input. */
export function shopCommand(lab: Lab): { argv: string[]; input: string } | null {
  const poolers = lab.fleet.poolers ?? []
  const herds = [...new Set(poolers.map(({ herd }) => herd))]
  const targets = [
    ...herds.map((herd) =>
      loadTarget(
        lab,
        herd,
        poolers.filter((pooler) => pooler.herd === herd).map(({ host }) => host),
      ),
    ),
    ...(lab.fleet.patroni ?? []).map((cluster) => patroniTarget(lab, cluster)),
  ]
  return targets.length === 0 ? null : { argv: childArgv, input: JSON.stringify({ verb: 'shop', targets }) }
}

export type RunningLoad = { ledgerFile: string; stop: () => Promise<LoadSummary> }

/** Starts the seeded writer in the lab's network; returns once it has its first acknowledged commit. */
export async function startLoad(
  lab: Lab,
  herd: string | Target,
  options: { ledgerFile: string; seed?: number; writers?: number; pauseMs?: number; through?: readonly string[] },
): Promise<RunningLoad> {
  const { ledgerFile, seed = 1, writers = 4, pauseMs = 20, through } = options
  const order = { verb: 'write', options: { ...targetOf(lab, herd, through), ledgerFile, seed, writers, pauseMs } }
  const writer = lab.spawn(childArgv, { stdio: ['pipe', 'pipe', 'pipe'] })
  writer.stdin?.end(JSON.stringify(order))
  let out = ''
  let err = ''
  writer.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  writer.stderr?.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const ended = new Promise<number | null>((resolve) => writer.once('close', (code) => resolve(code)))
  await until(
    'the load to start',
    () => {
      if (writer.exitCode !== null) throw new LabError(`The load did not start: ${err.trim()}`)
      return existsSync(ledgerFile) && readFileSync(ledgerFile, 'utf8').includes('\nacked ')
    },
    { timeoutMs: 120_000, everyMs: 50 },
  )
  return {
    ledgerFile,
    stop: async () => {
      writer.kill('SIGTERM')
      const code = await ended
      if (code !== 0) throw new LabError(`The load ended with ${code}: ${err.trim()}`)
      return JSON.parse(out) as LoadSummary
    },
  }
}

/** Proves from the present primary what became of each row of a ledger. */
export async function verify(lab: Lab, herd: string | Target, ledgerFile: string): Promise<Verdict & { isClean: boolean }> {
  const order = { verb: 'verify', target: targetOf(lab, herd), ledgerFile }
  const { code, stdout, stderr } = await lab.run(childArgv, {
    input: JSON.stringify(order),
    timeoutMs: 120_000,
  })
  if (code !== 0) throw new LabError(`The ledger could not be verified: ${stderr.trim()}`)
  return JSON.parse(stdout) as Verdict & { isClean: boolean }
}

export async function runLoad(lab: Lab, herd: string, options: { seconds: number; ledger: string | undefined }): Promise<void> {
  const ledgerFile = options.ledger ?? lab.layout.at(`ledger-${herd}-${Date.now()}`)
  const load = await startLoad(lab, herd, { ledgerFile })
  await new Promise<void>((resolve) => {
    setTimeout(resolve, options.seconds * 1_000)
    process.once('SIGINT', () => resolve())
  })
  const { acked, failed, unknown } = await load.stop()
  console.log(
    `${acked} acknowledged, ${failed} refused, ${unknown} unknown\nverify with: npm run lab -- verify ${herd} --ledger ${ledgerFile}`,
  )
}

/** Exit code 1 when something was lost, doubled or came from nowhere. */
export async function verifyLoad(lab: Lab, herd: string, ledgerFile: string): Promise<number> {
  const verdict = await verify(lab, herd, ledgerFile)
  const { lost, duplicate, phantom, foreign, unknown } = verdict
  console.log(`LOST ${lost.length} of ${verdict.acked} acknowledged · DUPLICATE ${duplicate.length}`)
  console.log(`UNKNOWN ${unknown.present + unknown.absent}: ${unknown.present} are there, ${unknown.absent} are not`)
  console.log(`REFUSED ${verdict.failed}, of which ${phantom.length} are there all the same · FOREIGN ${foreign.length}`)
  for (const id of [...lost, ...duplicate, ...phantom, ...foreign].slice(0, 20)) console.log(`  ${id}`)
  return verdict.isClean ? 0 : 1
}
