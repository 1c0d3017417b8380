import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { asLogin } from '@/db/pg/rights'
import { secretPurpose } from '@/db/records/sealing-key'
import { closeQueue, migrateQueue, setQueue } from '@/jobs/requests'
import { makeVault } from '@/lib/adapters/vault'
import type { Fleet } from '@/lib/playground/fleet/fleet'
import { Lab } from '@/lib/playground/lab/lab'
import { bundled } from '@/lib/playground/start/bundled'
import { openCloud, type PlaygroundAccount } from '@/lib/playground/start/cloud'
import { openDoorInto } from '@/lib/playground/start/door'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { letConsoleIn } from '@/lib/playground/start/let-in'
import { type Child, startChild } from '@/lib/playground/start/processes'
import { seedAccount, seedFleet, seedNames } from '@/lib/playground/start/seed'
import { migratedOnce } from './daemons/database'
import { fingerprintOfLine } from './lab-addresses'

export interface Stage {
  lab: Lab
  /** Of this run alone; gone when it closes. */
  folder: string
  databaseUrl: string
  /** The one that has seen every instance. */
  worker: Child
  /** Another one; it dies with the stage. */
  startWorker: () => Child
  /** Of a fleet with machines. */
  cloud: PlaygroundAccount | null
  close: () => Promise<void>
}

/**
 * A lab of this fleet (Debian’s packages are there: `ensurePackages('bench')`), registered in a console of its own whose database this process talks to, with a worker that has seen every instance. `redisUrl`:
 * the queue is there, on this machine's loopback, not in the database.
 */
export const openStage = async (
  fleet: Fleet,
  { redisUrl, cloud: given }: { redisUrl?: string; cloud?: { settleMs: number } } = {},
): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'mben-'))
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const end of undo.toReversed()) await end().catch((error: unknown) => console.error(error))
  }
  try {
    await migratedOnce(folder)
    const database = await startEmbedded(folder)
    undo.push(() => database.stop())
    setDatabase(database.connectionString)
    const place = { databaseUrl: database.connectionString, ...(redisUrl ? { redisUrl } : {}) }
    setQueue(place)
    undo.push(closeDb, closeQueue)
    await migrateQueue()
    await migrate(database.connectionString)
    const lab = await Lab.open({ stateDir: join(folder, 'lab') })
    undo.push(() => lab.destroy())
    console.log(`Bringing up ${fleet.hosts.length} hosts …`)
    await lab.up(fleet)
    const vaultKey = randomBytes(32).toString('base64')
    const vault = makeVault(vaultKey)
    await seedFleet(fleet, Object.fromEntries(lab.hostKeys().map(({ host, publicKey }) => [host, fingerprintOfLine(publicKey)])))
    await letConsoleIn(lab, vault)
    if (fleet.hasNames) {
      const names = lab.names()
      await seedNames(fleet, names, vault.seal(names.key.secret, secretPurpose('dns-zone', 'sealedKeySecret')))
    }
    const cloud = await openCloud({ lab, fleet }, folder, given)
    if (cloud) {
      undo.push(cloud.stop)
      await seedAccount(cloud.account, vault.seal(cloud.account.keys.secretAccessKey, secretPurpose('cloud-account', 'sealedAccessSecret')))
    }
    if (redisUrl) undo.push(await openDoorInto(lab, Number(new URL(redisUrl).port), join(folder, 'redis')))
    let started = 0
    const startWorker = (): Child => {
      const worker = startChild({
        name: `worker-${++started}`,
        argv: bundled('jobs/worker.ts'),
        environment: {
          DATABASE_URL: asLogin(place.databaseUrl, 'matriarch_worker'),
          REDIS_URL: redisUrl,
          AUTH_SECRET: 'x'.repeat(32),
          VAULT_KEY: vaultKey,
        },
        logDirectory: join(folder, 'log'),
        lab,
      })
      undo.push(() => worker.stop())
      return worker
    }
    const worker = startWorker()
    const members = fleet.herds.reduce((sum, herd) => sum + herd.members.length, 0)
    await untilSeen(
      `select ${members} - count(*)::int as missing from instances where state = 'online'`,
      () => worker.process.exitCode !== null,
      worker.log,
    )
    return { lab, folder, databaseUrl: place.databaseUrl, worker, startWorker, cloud: cloud?.account ?? null, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Waits until the console's own database says that nothing is `missing`. */
export const untilSeen = async (sql: string, isOver: () => boolean = () => false, say: () => string = () => ''): Promise<void> => {
  const limit = Date.now() + 180_000
  for (;;) {
    const { rows } = await getPool().query<{ missing: number }>(sql)
    if (rows[0]!.missing === 0) return
    if (Date.now() > limit || isOver()) throw new Error(`${rows[0]!.missing} are not seen as they should be: ${sql}\n${say()}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
