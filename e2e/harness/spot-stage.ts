import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getPool } from '@/db/pg/client'
import { createEnrolmentKey } from '@/lib/auth/hosts'
import { systemActor } from '@/lib/kernel/access/access'
import { type Fleet, herd, standardEnvironments } from '@/lib/playground/fleet/fleet'
import { askCloud } from '@/lib/playground/lab/cloud-cli'
import { consoleAddress } from '@/lib/playground/machine/layout'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { openDoorInto } from '@/lib/playground/start/door'
import { agent } from './agent-runs'
import { serveApi } from './api'
import { openStage, type Stage, untilSeen } from './stage'

/** The herd `app` on three spot machines in three zones, behind a PgBouncer that is on none. */
export const spotFleet = (): Fleet => {
  const members = ['a', 'b', 'c']
  return {
    name: 'spot',
    postgresMajor: postgresMajor(),
    environments: standardEnvironments,
    hosts: [...members, 'front'].map((name, at) => ({ name, address: `198.18.25.${at + 1}`, environment: 'dev', site: 'ams', tags: [] })),
    herds: [herd(postgresMajor(), 'dev', 'app', 5432, 'a > b, c', 'app')],
    strays: [],
    poolers: [{ host: 'front', herd: 'app', isManaged: true }],
    groups: [],
    people: [],
    hasNames: false,
    cloud: {
      environment: 'dev',
      machines: members.map((name) => ({
        ...{ host: name, name, zone: `eu-central-1${name}`, type: 'm5.large', market: 'spot' as const, volumeGb: 20, cluster: 'app' },
      })),
    },
  }
}

export interface SpotStage extends Stage {
  /** AWS takes the machine of a host so many seconds from now, and says so at 169.254.169.254. */
  evict: (host: string, seconds: number) => Promise<void>
  /** AWS leaves it after all; answers once the console has heard so. */
  withdraw: (host: string) => Promise<void>
  /** The host that is primary by what the observer saw last; null: none. */
  primary: () => Promise<string | null>
  /** Waits until the herd has left whatever AWS takes. */
  untilSafe: () => Promise<void>
}

/** A stage whose spot machines find their own metadata, and whose hosts run the published agent, which tells this process's API. */
export const openSpotStage = async (): Promise<SpotStage> => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  const stage = await openStage(spotFleet(), { cloud: { settleMs: 300 } })
  const undo: (() => Promise<unknown>)[] = [stage.close]
  const close = async () => {
    for (const end of undo.toReversed()) await end().catch((error: unknown) => console.error(error))
  }
  try {
    const api = await serveApi()
    undo.push(api.close)
    const port = Number(new URL(api.url).port)
    undo.push(await openDoorInto(stage.lab, port, join(stage.folder, 'door-api'), consoleAddress))
    const { rows } = await getPool().query<{ id: string }>(`select id from environments where name = 'dev'`)
    const { key } = await createEnrolmentKey(systemActor, {
      ...{ name: 'dev', environmentId: rows[0]!.id, expiresAt: new Date(Date.now() + 3_600_000), usesLeft: null },
    })
    const script = readFileSync(agent, 'utf8')
    for (const { name } of stage.lab.fleet.hosts)
      stage.lab.installAgent(name, {
        ...{ script, everySeconds: 20 },
        env: { MATRIARCH_URL: `http://${consoleAddress}:${port}`, MATRIARCH_ENROL_KEY: key },
      })
    await untilSeen(`select 3 - count(*)::int as missing from machines where tie = 'tied' and market = 'spot'`)
    await untilSeen(`select 3 - count(*)::int as missing from discovered_hosts where server_id is not null and hostname <> 'front'`)
    return {
      ...stage,
      close,
      evict: async (host, seconds) => void (await askCloud(stage.lab, ['evict', host, String(seconds)])),
      withdraw: async (host) => {
        await askCloud(stage.lab, ['withdraw', host])
        await untilSeen(
          `select count(*)::int as missing from evictions where kind = 'interruption' and withdrawn_at is null and closed_at is null`,
        )
      },
      primary: async () => {
        const found = await getPool().query<{ hostname: string }>(
          `select s.hostname from instances i join servers s on s.id = i.server_id where i.role = 'primary' and i.state = 'online' and i.replaced_at is null`,
        )
        return found.rows.length === 1 ? found.rows[0]!.hostname : null
      },
      untilSafe: () =>
        untilSeen(`select 1 - count(*)::int as missing from eviction_answers a where a.state = 'safe'
          and a.changed_at > (select max(heard_at) from evictions where kind = 'interruption' and withdrawn_at is null and closed_at is null)`),
    }
  } catch (error) {
    await close()
    throw error
  }
}
