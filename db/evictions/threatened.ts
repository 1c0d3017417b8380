import type { ThreatenedHerd, ThreatenedMember } from '@/lib/domain/evictions/recovery'
import { shownCandidates } from '../fleet/candidates'
import { databaseFault, getPool } from '../pg/client'

/** Of the machine that a member runs on, as last seen. */
export interface MemberMachine {
  /** EC2's id; null: no machine is tied to its server. */
  instanceId: string | null
  isSpot: boolean
  type: string | null
  /** The ids of its volumes that are not its root. */
  dataVolumes: string[]
  /** ISO; when AWS takes it. */
  dueAt: string | null
}

export interface HerdAtRisk extends ThreatenedHerd {
  id: string
  environmentId: string
  /** Whether the environment lets the console act by itself. */
  answers: boolean
  members: (ThreatenedMember & { machine: MemberMachine })[]
}

const readMembers = {
  name: 'herd-at-risk',
  text: `select h.id as "herdId", h.name, h.environment_id as "environmentId", e.answers_evictions as answers, coalesce(f.manager, 'unknown') as manager,
      i.id, i.title, case when i.replaced_at is null then coalesce(i.role, 'unknown') else 'unknown' end as role, i.state,
      extract(epoch from v."dueAt" - clock_timestamp())::float8 as "leftSeconds", i.size_bytes::float8 as "sizeBytes", b.id as "blueprintId", b."hasVolume", l.seconds as "lastSeconds",
      m.zone, m.instance_id as "instanceId", m.market = 'spot' as "isSpot", m.type, m.volumes, v.*
    from herds h join environments e on e.id = h.environment_id left join herd_facts f on f.herd_id = h.id
      join instances i on i.herd_id = h.id
      left join lateral (select id, b.storage <> 'local' and b.storage_gb is not null as "hasVolume" from blueprints b where b.herd_id = h.id limit 1) b on true
      left join lateral (
        select extract(epoch from j.finished_at - j.started_at)::float8 as seconds from jobs j
          where j.target_id = b.id and j.operation in ('launch-herd', 'launch-standby') and j.state = 'done' order by j.created_at desc limit 1
      ) l on true
      left join lateral (select zone, instance_id, market, type, volumes from machines m where m.server_id = i.server_id and m.tie = 'tied' limit 1) m on true
      left join lateral (
        select bool_or(kind = 'interruption' and gone_at is not null) as gone, bool_or(kind = 'interruption') as announced, bool_or(kind = 'rebalance') as recommended,
          min(due_at) as "dueAt", (min(id::text) filter (where kind = 'interruption'))::uuid as "noticeId"
        from evictions v where v.server_id = i.server_id and v.withdrawn_at is null and v.closed_at is null
      ) v on true
    where h.id = $1 order by i.title, i.id`,
}

interface Row {
  herdId: string
  name: string
  environmentId: string
  answers: boolean
  manager: string
  blueprintId: string | null
  hasVolume: boolean | null
  lastSeconds: number | null
  sizeBytes: number | null
  leftSeconds: number | null
  id: string
  title: string
  role: ThreatenedMember['role']
  state: string
  zone: string | null
  instanceId: string | null
  isSpot: boolean | null
  type: string | null
  volumes: { id: string; device: string }[] | null
  gone: boolean | null
  announced: boolean | null
  recommended: boolean | null
  dueAt: Date | null
  noticeId: string | null
}

const rootDevices = ['/dev/xvda', '/dev/sda1', '/dev/nvme0n1']

/** A herd with what AWS says of its machines, as last seen; null: no member is on a spot machine or on one that AWS takes. The caller has shown that it may be seen. Throws `database.down`. */
export const herdAtRisk = async (herdId: string): Promise<HerdAtRisk | null> => {
  try {
    const { rows } = await getPool().query<Row>({ ...readMembers, values: [herdId] })
    const [first] = rows
    if (!first || !rows.some(({ isSpot, announced, recommended }) => isSpot || announced || recommended)) return null
    const rankOf = new Map((await shownCandidates(herdId)).map(({ id, rank, because }) => [id, { rank, because }]))
    return {
      ...{ id: first.herdId, name: first.name, environmentId: first.environmentId, answers: first.answers, manager: first.manager },
      launching:
        first.blueprintId === null
          ? null
          : {
              ...{ blueprintId: first.blueprintId, lastSeconds: first.lastSeconds, hasVolume: first.hasVolume === true },
              sizeBytes: rows.find(({ role }) => role === 'primary')?.sizeBytes ?? null,
            },
      members: rows.map((row) => ({
        ...{ id: row.id, title: row.title, role: row.role, state: row.state, zone: row.zone },
        threat: row.gone ? 'gone' : row.announced ? 'announced' : row.recommended ? 'recommended' : 'none',
        ...{ noticeId: row.noticeId, leftSeconds: row.leftSeconds },
        ...(rankOf.get(row.id) ?? { rank: null, because: 'It is the primary.' }),
        machine: {
          ...{ instanceId: row.instanceId, isSpot: row.isSpot === true, type: row.type },
          dataVolumes: (row.volumes ?? []).filter(({ device }) => !rootDevices.includes(device)).map(({ id }) => id),
          dueAt: row.dueAt?.toISOString() ?? null,
        },
      })),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
