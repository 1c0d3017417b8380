import type { TimelineKind } from '@/lib/shapes/timeline'

/** Whose timeline. */
export interface Subject {
  of: 'instance' | 'herd' | 'server'
  id: string
}

export interface Source {
  kinds: readonly TimelineKind[]
  /** Permission to see its lines beside that of the object. */
  permission: `${string}.view`
  /** The column, or expression, with the time: that of the index. */
  at: string
  id: string
  environment: string
  /** null: nobody does such things. */
  person: string | null
  /** The columns of a line: kind, title, what happened and where it is proven. */
  columns: string
  /** $1 is the subject. null: it has none of these. */
  from: (of: Subject['of']) => string | null
}

const memberIds = {
  instance: 'select $1::uuid',
  herd: 'select id from instances where herd_id = $1',
  server: 'select id from instances where server_id = $1',
}
const withSelf = (of: Subject['of']) => (of === 'instance' ? memberIds.instance : `select $1::uuid union all ${memberIds[of]}`)
const hostIds = {
  instance: 'union all select server_id from instances where id = $1',
  herd: 'union all select server_id from instances where herd_id = $1',
  server: '',
}
/** Problems of a herd, its members, their hosts, poolers and names. */
const about = (of: Subject['of']) => {
  const own = `${withSelf(of)} ${hostIds[of]}`
  return of === 'herd'
    ? `${own} union all select pooler_id from pooler_herds where herd_id = $1 union all select id from dns_names where herd_id = $1`
    : own
}
const herdOf = { instance: 'select herd_id from instances where id = $1', herd: 'select $1::uuid', server: null }

const line = (columns: {
  kind: string
  title: string
  what: string
  state: string
  because?: string
  ended?: string
  open?: string
  href: string
  setting?: string
}) =>
  `${columns.kind} as kind, ${columns.title} as title, ${columns.what} as what, ${columns.state} as state, ${columns.because ?? 'null::text'} as because,
   ${columns.ended ?? 'null::timestamptz'} as ended, ${columns.open ?? 'false'} as "isOpen", ${columns.href} as href, ${columns.setting ?? 'null::jsonb'} as setting`

const incident = {
  permission: 'instance.view' as const,
  id: 't.id',
  environment: 't.environment_ids',
  person: null,
  from: (of: Subject['of']) => `(${about(of)}) s(id) join incidents t on split_part(t.item_key, ' ', 1) = s.id::text`,
}
const alarm = (begins: boolean) =>
  line({
    kind: `'alarm'`,
    title: 't.label',
    what: begins ? `t.headline` : `'Ended: ' || t.headline`,
    state: begins ? `case when t.severity <= 1 then 'bad' else 'warn' end` : `'good'`,
    because: begins ? `nullif(t.detail, '')` : undefined,
    ended: begins ? 't.ended_at' : undefined,
    open: begins ? 't.ended_at is null' : undefined,
    href: 't.href',
  })

const job = line({
  kind: `'run'`,
  title: 't.title',
  what: `r.title`,
  state: `case t.state when 'done' then 'good' when 'failed' then 'bad' when 'attention' then 'bad' when 'undone' then 'warn' else 'neutral' end`,
  because: `concat_ws(': ', t.state, t.because)`,
  ended: 't.finished_at',
  open: 't.finished_at is null',
  href: `'/runs/' || t.run_id`,
})
const jobs = {
  kinds: ['run'] as const,
  permission: 'run.view' as const,
  at: 't.created_at',
  id: 't.id',
  environment: 't.environment_id',
  person: 'r.actor_name',
  columns: job,
}
const runOf = 'join runs r on r.id = t.run_id'

/** One query each, by an index on the subject and the time. */
export const sources: readonly Source[] = [
  {
    kinds: ['role', 'outage', 'restart', 'timeline'],
    permission: 'instance.view',
    at: 't.at',
    id: 't.id',
    environment: 't.environment_id',
    person: null,
    columns: line({
      kind: `case t.kind when 'state' then 'outage' else t.kind end`,
      title: 't.title',
      what: `case t.kind
        when 'state' then 'Is ' || t.became || ', was ' || t.was
        when 'role' then 'Is the ' || t.became || ' now, was a ' || t.was
        when 'timeline' then 'Is on timeline ' || t.became || ', was on ' || t.was
        else 'Was restarted' end`,
      state: `case when t.kind = 'state' then case when t.became in ('online', 'reachable') then 'good' when t.became in ('starting', 'stopping', 'unknown') then 'warn' else 'bad' end
        when t.kind = 'restart' then 'warn' else 'neutral' end`,
      because: `case when t.kind = 'restart' then 'The postmaster started at ' || t.became else t.because end`,
      ended: `case when t.kind = 'state' and t.became not in ('online', 'reachable') then t.ended_at end`,
      open: `t.kind = 'state' and t.ended_at is null`,
      href: `case when t.instance_id is null then '/servers/' || t.server_id else '/instances/' || t.instance_id end`,
    }),
    from: (of) => `fleet_events t where t.${of}_id = $1`,
  },
  {
    ...jobs,
    from: (of) =>
      of === 'herd' ? `jobs t ${runOf} where t.herd_id = $1` : `(${withSelf(of)}) s(id) join jobs t on t.target_id = s.id ${runOf}`,
  },
  // A switchover's target is the herd's pair, whose id is the herd's: it concerns each member.
  { ...jobs, from: (of) => (of === 'instance' ? `instances i join jobs t on t.target_id = i.herd_id ${runOf} where i.id = $1` : null) },
  {
    kinds: ['failover'],
    permission: 'failover.view',
    at: 't.started_at',
    id: 't.id',
    environment: 't.environment_id',
    person: 't.actor_name',
    columns: line({
      kind: `'failover'`,
      title: 't.title',
      what: `case t.mode when 'planned' then 'Planned failover' else 'Emergency failover' end || coalesce(' from ' || t.old_primary, '') || coalesce(' to ' || t.new_primary, '')`,
      state: `case t.state when 'done' then 'good' when 'failed' then 'bad' when 'attention' then 'bad' when 'undone' then 'warn' else 'neutral' end`,
      because: `concat_ws(': ', t.state, t.because)`,
      ended: 't.finished_at',
      open: 't.finished_at is null',
      href: `'/failovers/' || t.id`,
    }),
    from: (of) => herdOf[of] && `failovers t where t.herd_id = (${herdOf[of]}) and t.started_at is not null`,
  },
  {
    kinds: ['certificate'],
    permission: 'certificate.view',
    at: 't.issued_at',
    id: 't.id',
    environment: 't.environment_id',
    person: null,
    columns: line({
      kind: `'certificate'`,
      title: 't.title',
      what: `case t.verdict when 'proven' then 'Certificate: no commit was lost' when 'lost' then 'Certificate: commits were lost' else 'Certificate: not provable' end`,
      state: `case t.verdict when 'proven' then 'good' when 'lost' then 'bad' else 'warn' end`,
      because: 't.because',
      href: `'/certificates/' || t.id`,
    }),
    from: (of) => herdOf[of] && `certificates t where t.herd_id = (${herdOf[of]})`,
  },
  {
    kinds: ['change'],
    permission: 'change.view',
    at: 't.at',
    id: 't.id',
    environment: 't.environment_id',
    person: 't.actor_name',
    columns: line({
      kind: `'change'`,
      title: 't.title',
      what: `case t.act when 'add' then 'Registered' when 'delete' then 'Deleted' else 'Changed ' || (select string_agg(name, ', ' order by name) from jsonb_object_keys(t.fields) name) end`,
      state: `'neutral'`,
      href: `case t.resource when 'herd' then '/herds/' when 'server' then '/servers/' else '/instances/' end || t.object_id || '/history'`,
    }),
    from: (of) =>
      `(select '${of}', $1::uuid ${of === 'instance' ? '' : `union all select 'instance', id from (${memberIds[of]}) m(id)`}) s(resource, id)
       join changes t on t.resource = s.resource and t.object_id = s.id`,
  },
  {
    kinds: ['setting'],
    permission: 'instance.view',
    at: 't.at',
    id: `md5(concat_ws(' ', t.instance_id, t.at, t.name, t.is_pending))::uuid`,
    environment: 'i.environment_id',
    person: null,
    columns: line({
      kind: `'setting'`,
      title: 'i.title',
      what: 't.name',
      setting: `jsonb_build_object('type', t.type, 'unit', t.unit, 'was', t.old_value, 'became', t.new_value)`,
      state: `case when t.is_pending then 'warn' else 'neutral' end`,
      because: `case when t.is_pending then 'Waits for a restart' end`,
      href: `'/instances/' || t.instance_id || '/settings'`,
    }),
    from: (of) => `(${memberIds[of]}) s(id) join instances i on i.id = s.id join setting_changes t on t.instance_id = s.id`,
  },
  {
    kinds: ['acknowledgement'],
    permission: 'instance.view',
    at: 't.at',
    id: 't.id',
    environment: 't.environment_id',
    person: 't.actor_name',
    columns: line({
      kind: `'acknowledgement'`,
      title: 't.title',
      what: `case t.act when 'fleet.acknowledge' then 'Acknowledged for ' || coalesce(t.detail->>'hours', '?') || ' h' else 'Acknowledgement withdrawn' end`,
      state: `'neutral'`,
      because: `t.detail->>'note'`,
      href: 'null::text',
    }),
    from: (of) =>
      `(${about(of)}) s(id) join audit t on split_part(t.detail->>'key', ' ', 1) = s.id::text and t.act in ('fleet.acknowledge', 'fleet.unacknowledge')`,
  },
  { ...incident, kinds: ['alarm'], at: 't.began_at', columns: alarm(true) },
  { ...incident, kinds: ['alarm'], at: 't.ended_at', columns: alarm(false) },
]
