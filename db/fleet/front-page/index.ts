import { keepSame } from '@/lib/domain/problems/changes'
import {
  agentSilentAfterSeconds,
  expiresWithinDays,
  type FleetEnvironment,
  type FleetFacts,
  type FleetHerd,
  listedMax,
  poolerPatienceSeconds,
} from '@/lib/domain/problems/fleet'
import { hasNoPrimary } from '@/lib/domain/problems/judge'
import { withCounts, worthListing } from '@/lib/domain/problems/listed-herds'
import { type Actor, allowance, mayAnywhere, mayIn, ownId, systemActor } from '@/lib/kernel/access/access'
import { mayRunAnywhere } from '@/lib/operations/may-run'
import { Fresh } from '../../pg/cached'
import { getPool } from '../../pg/client'
import { guessingNow } from '../../trail/guessing'
import { auditTroubles } from '../../trail/troubles'
import { isServerAtRest } from '../at-rest'
import { readCriticalHealth } from './health'
import { readHerds, trouble } from './herds'
import { readReplication } from './replication'
import { readTroubledStacks } from './stacks'

/** Over a server `s`: nothing on it can be looked at. */
const isServerCutOff = `(s.host_key_offered is not null or s.state in ('unreachable', 'refused'))`

/**
 * Without what follows from something that is listed itself: what is on a host that does not answer, standbys that do not stream while their herd has no
 * primary, and former primaries that are kept down.
 */
const readInstances = {
  name: 'fleet-instances',
  text: `select id, title, environment_id as "environmentId", trouble, state, because, lag_bytes::float8 as "lagBytes", lag_seconds as "lagSeconds",
      since, total
    from (
      select *, row_number() over (partition by trouble order by title) as place, count(*) over (partition by trouble)::int as total from (
        select *, case when trouble in ('down', 'unreachable', 'refused') then state_since when trouble = 'stale' then observed_at
            when trouble in ('not-streaming', 'replay-paused', 'lagging') then behind_since end as since
        from (
          select i.id, i.title, i.herd_id, i.server_id, i.environment_id, ${trouble} as trouble, i.state, i.because, i.lag_bytes, i.lag_seconds,
            i.observed_at, i.state_since, i.behind_since
          from instances i join environments v on v.id = i.environment_id where $1::uuid[] is null or i.environment_id = any($1)
        ) judged where trouble <> 'replaced'
      ) troubled
      where case trouble
        when 'unreachable' then not exists (select from servers s where s.id = troubled.server_id and ${isServerCutOff})
        when 'not-streaming' then exists (select from instances p where p.herd_id = troubled.herd_id and p.role = 'primary' and p.state = 'online')
        else true end
    ) placed where place <= $2::bigint
    order by trouble, title`,
}

/** Who would take over in herds that have lost their primary, as the DR pairs say; few herds, or the view is costly. */
const readSuccessors = {
  name: 'fleet-successors',
  text: `select p.id as "herdId", c.title, p.lag_bytes::float8 as "lagBytes" from dr_pairs p join instances c on c.id = p.candidate_id
    where p.id = any($1::uuid[])`,
}

const list = (body: string) => `(select coalesce(json_agg(x), '[]') from (${body}) x)`

const readRest = {
  name: 'fleet-rest',
  text: `select now() as at,
    ${list(`select e.id, e.name, e.colour, e.protection, count(s.id)::int as servers, count(s.id) filter (where s.state = 'reachable')::int as "serversReachable"
      from environments e left join servers s on s.environment_id = e.id
      where $1::uuid[] is null or e.id = any($1) group by e.id order by e.position, lower(e.name)`)} as environments,
    ${list(`select * from (
        select id, hostname, environment_id as "environmentId", trouble, because, since, count(*) over (partition by trouble)::int as total,
          row_number() over (partition by trouble order by hostname) as place,
          case when trouble = 'agent-silent' then '{}' else array(select i.title from instances i where i.server_id = judged.id and i.state = 'unreachable'
            order by i.role = 'primary' desc, i.title) end as instances,
          case when trouble = 'agent-silent' then 0 else (select count(*)::int from poolers p where p.server_id = judged.id and p.state = 'unreachable') end as poolers
        from (select s.id, s.hostname, s.environment_id, s.because,
            case when s.host_key_offered is not null then 'host-key-changed'
              when s.machine_id_offered is not null then 'machine-changed'
              when s.state in ('unreachable', 'refused') then case when not ${isServerAtRest('s.id')} then 'unreachable' end
              when s.agent_seen_at < now() - interval '${agentSilentAfterSeconds} s' then 'agent-silent' end as trouble,
            case when ${isServerCutOff} then s.state_since else s.agent_seen_at end as since
          from servers s where $1::uuid[] is null or s.environment_id = any($1)) judged
        where trouble is not null) placed
      where place <= $2::bigint order by trouble, hostname`)} as servers,
    ${list(`select id, name, environment_id as "environmentId", because, answer, wanted, observed_at as "seenAt",
        count(*) over ()::int as total
      from dns_names where state = 'wrong' and ($1::uuid[] is null or environment_id = any($1)) order by name limit $2::bigint`)} as names,
    ${list(`select * from (
        select p.id, p.title, p.environment_id as "environmentId", p.trouble, p.state, p.because, p.target, p.wanted, p.waiting,
          (select coalesce(json_agg(json_build_object('name', h.name, 'target', l.target, 'wanted', l.wanted) order by h.name), '[]')
            from pooler_herds l join herds h on h.id = l.herd_id
            where l.pooler_id = p.id and cardinality(p.herd_ids) > 1 and
              case p.trouble when 'paused' then l.paused_since when 'stale' then l.stale_since end is not null) as herds,
          case p.trouble when 'paused' then p.paused_since when 'stale' then p.stale_since end as since, p.observed_at as "seenAt",
          count(*) over (partition by p.trouble)::int as total, row_number() over (partition by p.trouble order by p.title) as place
        from (select *, case
            when paused_since < now() - interval '${poolerPatienceSeconds} s' then 'paused'
            when stale_since < now() - interval '${poolerPatienceSeconds} s' then 'stale'
            when state in ('stopped', 'refused') then 'down'
            when state = 'unreachable' and not exists (select from servers s where s.id = poolers.server_id and ${isServerCutOff}) then 'down' end as trouble
          from poolers where $1::uuid[] is null or environment_id = any($1)) p
        where p.trouble is not null) placed
      where place <= $2::bigint order by trouble, title`)} as poolers,
    ${list(`select id as "jobId", run_id as "runId", title, operation, because, environment_id as "environmentId", started_at as since
      from jobs where state = 'attention' and ($1::uuid[] is null or environment_id = any($1)) order by started_at limit greatest(50, $2::bigint)`)} as attention,
    ${list(`select id, title, operation, state, actor_name as "actorName", jobs, jobs_done as "jobsDone", jobs_failed as "jobsFailed",
        jobs_attention as "jobsAttention", environment_ids as "environmentIds", created_at as "createdAt"
      from runs where state in ('waiting', 'running', 'cancelling', 'attention') and ($1::uuid[] is null or environment_ids && $1)
      order by created_at desc limit 20`)} as runs,
    ${list(`select h.id as "herdId", h.name as title, h.environment_id as "environmentId", l.owner, l.holder, l.reason, l.acquired_at as since
      from leases l join herds h on l.name = 'herd:' || h.id
      where l.owner is not null and l.expires_at > now() and ($1::uuid[] is null or h.environment_id = any($1))
      order by l.acquired_at limit 50`)} as locks,
    ${list(`select id, title, state, because, at, actor_name as "actorName", environment_ids as "environmentIds" from scheduled_runs
      where (state = 'waiting' and at < now() + interval '7 days'
          or at > now() - interval '3 days' and (state = 'skipped' or state = 'started' and because is not null))
        and ($1::uuid[] is null or environment_ids && $1)
      order by state = 'waiting', at limit greatest(40, $2::bigint)`)} as scheduled,
    ${list(`select p.id as "planId", p.plan->>'title' as title, p.actor_name as "actorName", p.person_id as "personId", p.plan->>'resource' as resource,
        p.operation, (p.plan->>'eligible')::int as eligible, p.approval_asked_at as at,
        array(select e->>'id' from jsonb_array_elements(p.plan->'environments') e where (e->>'targets')::int > 0) as "environmentIds"
      from plans p left join scheduled_runs s on s.plan_id = p.id
      where p.state = 'ready' and p.approval_asked_at is not null and p.approved_at is null
        and coalesce(s.state = 'waiting', p.created_at > now() - interval '1 day')
        and (p.plan->>'needsApproval')::boolean and (p.plan->>'eligible')::int > 0
        and not exists (select from runs r where r.plan_id = p.id)
      order by p.approval_asked_at desc limit greatest(20, $2::bigint)`)} as approvals,
    ${list(`select kind, item_key as key, environment_id as "environmentId", note, actor_name as by, at, until from acknowledgements
        where until > now() and ($1::uuid[] is null or environment_id = any($1)) order by at`)} as acknowledged,
    json_build_object(
      'hosts', (select count(*) from discovered_hosts where state = 'new' and ($1::uuid[] is null or suggested_environment_id = any($1))),
      'instances', (select count(*) from discovered_instances where inbox = 'new' and ($1::uuid[] is null or suggested_environment_id = any($1))),
      'poolers', (select count(*) from discovered_poolers where inbox = 'new' and ($1::uuid[] is null or environment_id = any($1)))) as discovered,
    (select count(*)::int from workers where seen_at > now() - interval '30 s') as workers`,
}

/** What the one actor alone is told. */
const readOwn = {
  name: 'fleet-own',
  text: `select
    ${list(`select 'token' as kind, id, name, role, expires_at as "expiresAt" from tokens
        where revoked_at is null and expires_at between now() and now() + interval '${expiresWithinDays} days' and ($3 or person_id = $4)
      union all
      select 'blueprint', id, name, null, expires_at from blueprints
        where herd_id is not null and not is_protected and expires_at < now() + interval '${expiresWithinDays} days' and ($1::uuid[] is null or environment_id = any($1))
      order by 5 limit 20`)} as expiring,
    ${list(`select id, name, environment_id as "environmentId", because, failing_since as since from subscriptions
        where person_id = $2 and failing_since < now() - interval '1 minute' and not is_paused
          and ($1::uuid[] is null or environment_id is null or environment_id = any($1)) order by failing_since limit 20`)} as "failingSubscriptions"`,
}

const iso = (value: unknown): string | null => (value === null ? null : new Date(value as string | Date).toISOString())

type Own = Pick<FleetFacts, 'expiring' | 'failingSubscriptions' | 'audit' | 'guessing'>

/** What everybody with the same territory shares. Approvals still say whose plan it is, and are those of the territory, not of what one may run. */
type Shared = Omit<FleetFacts, keyof Own | 'approvals'> & { approvals: (FleetFacts['approvals'][number] & { personId: string | null })[] }

type Scope = string[] | null

/** `max`: how many of each trouble are listed by name. */
const readShared = async (scope: Scope, max: number): Promise<Shared> => {
  const pool = getPool()
  const [herds, instances, replication, health, stacks, rest] = await Promise.all([
    pool.query({ ...readHerds, values: [scope] }),
    pool.query({ ...readInstances, values: [scope, max] }),
    pool.query({ ...readReplication, values: [scope, max] }),
    readCriticalHealth(scope, max),
    readTroubledStacks(scope, max),
    pool.query({ ...readRest, values: [scope, max] }),
  ])
  const row = rest.rows[0]
  const listed = worthListing(herds.rows).map((herd) => ({ ...herd, lostAt: iso(herd.lostAt), successor: null }))
  return {
    ...row,
    health,
    stacks,
    at: iso(row.at)!,
    environments: withCounts(row.environments, herds.rows),
    herds: await withSuccessors(listed),
    instances: instances.rows.map((instance) => ({ ...instance, since: iso(instance.since) })),
    replication: replication.rows.map((one) => ({ ...one, since: iso(one.since), fencedAt: iso(one.fencedAt), seenAt: iso(one.seenAt) })),
  }
}

const readOwnOf = async (actor: Actor, scope: Scope): Promise<Own> => {
  const seesAudit = mayIn(actor, 'audit.view', null)
  const [own, audit, guessing] = await Promise.all([
    getPool().query<Pick<Own, 'expiring' | 'failingSubscriptions'>>({
      ...readOwn,
      values: [scope, actor.personId, mayIn(actor, 'token.view', null), ownId(actor)],
    }),
    seesAudit ? auditTroubles() : [],
    seesAudit ? guessingNow() : [],
  ])
  return { ...own.rows[0]!, audit, guessing }
}

const ofActor = (actor: Actor, shared: Shared, own: Own): FleetFacts => {
  const visible = new Set(shared.environments.map((environment: FleetEnvironment) => environment.id))
  return {
    ...shared,
    ...own,
    approvals: shared.approvals
      .filter((plan) => plan.environmentIds.every((id) => visible.has(id)) && mayRunAnywhere(actor, plan.operation))
      .map(({ personId, ...plan }) => ({ ...plan, isOwn: personId !== null && personId === actor.personId })),
    discovered: mayAnywhere(actor, 'discovered-host.view') ? shared.discovered : { hosts: 0, instances: 0, poolers: 0 },
  }
}

const withSuccessors = async (herds: FleetHerd[]): Promise<FleetHerd[]> => {
  const headless = herds.filter(hasNoPrimary).slice(0, listedMax)
  if (headless.length === 0) return herds
  const { rows } = await getPool().query({ ...readSuccessors, values: [headless.map(({ id }) => id)] })
  const successors = new Map(rows.map(({ herdId, ...successor }) => [herdId, successor]))
  return herds.map((herd) => ({ ...herd, successor: successors.get(herd.id) ?? null }))
}

/** More than that at once are told as numbers by any channel. */
const everyMax = 10_000

/** The whole fleet with each trouble by name, read now. */
export const everyTrouble = async (): Promise<FleetFacts> => {
  const [shared, own] = await Promise.all([readShared(null, everyMax), readOwnOf(systemActor, null)])
  return ofActor(systemActor, shared, own)
}

const territories = new Fresh<Shared>({ weightMax: 50 })
const people = new Fresh<Own>({ weightMax: 200 })
const lifeMs = (tookMs: number): number => Math.max(1_000, 2 * tookMs)

/**
 * Everything the front page shows, for one actor. Many screens show it at once, so a reading of a territory is shared by all who have it for a second, or
 * for twice as long as it took. An actor who may see nothing gets empty lists, never a fault.
 */
export const fleetFacts = async (actor: Actor): Promise<FleetFacts> => {
  const allowed = allowance(actor, 'instance.view')
  const scope = allowed === 'all' ? null : allowed === 'none' ? [] : [...allowed.environmentIds].sort()
  const shared = territories.get(
    'fleet',
    JSON.stringify(scope),
    async (before) => {
      const after = await readShared(scope, listedMax)
      return before ? keepSame(await before, after) : after
    },
    lifeMs,
  )
  const key = JSON.stringify([scope, actor.personId, actor.tokenId, actor.grants])
  const own = people.get('fleet', key, () => readOwnOf(actor, scope), lifeMs)
  return ofActor(actor, await shared, await own)
}
