import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { type AdoptFacts, gatherAdopt, type Seat } from './facts'

const registerTimeoutMs = 20_000

export const adopt = defineOperation({
  name: 'adopt-patroni',
  on: 'server',
  role: 'dba',
  title: 'Adopt a Patroni cluster',
  verb: 'Adopt Patroni cluster',
  danger: 'routine',
  input: z.strictObject({
    cluster: z.string().trim().max(200).default('').meta({
      title: 'Cluster',
      description: 'Patroni’s scope, or namespace and scope: /service/shop. Empty: the only one on the server.',
    }),
    herd: z.string().trim().max(80).default('').meta({
      title: 'Name of the herd',
      description: 'Empty: Patroni’s scope. A cluster whose system identifier a herd of the environment has keeps that herd.',
    }),
  }),
  help: [
    'Registers a Patroni cluster that stands already, from one of its servers: the herd, its members, and the servers they run on that are not registered yet. Nothing on any host is changed.',
    'The host reads Patroni’s configuration and asks its REST API and its etcd (API v3) with the logins and certificates of that configuration: none of them leaves the host. With another DCS, or an etcd that does not answer, the REST API alone is asked.',
    'New servers get the SSH port, user and profile of this one. Their host keys wait for a person, as those of every new server do; until they are accepted, nothing is looked at there.',
    'Other clusters in the same namespace are named and left alone. PgBouncers on the servers come to the inbox once they are looked at.',
    'Run again it registers only what has been added to the cluster since.',
  ],
  gather: gatherAdopt,
  about: ({ server }) => ({ title: server.title, environmentId: server.environmentId, herdId: null, serverId: server.id }),
  firm: ({ server, cluster, plan }) => ({
    address: server.address,
    cluster: cluster === null ? null : { scope: cluster.scope, namespace: cluster.namespace },
    plan,
  }),
  managed: { harmless: 'It only looks, and registers what it saw.' },
  locks: () => [],
  now: ({ server, cluster, herd, seats, proxies }) =>
    cluster === null
      ? [{ label: 'Server', value: server.title }]
      : [
          { label: 'Environment', value: server.environmentName },
          { label: 'Herd', value: herd === null ? 'none' : `${herd.name}${herd.isNew ? ' (new)' : ''}` },
          { label: 'Patroni cluster', value: `${cluster.namespace}${cluster.scope}` },
          {
            label: 'Configuration',
            value: `${cluster.configPath ?? 'in the environment of its process'}${cluster.isRunning ? '' : ', not running'}`,
          },
          { label: 'Patroni', value: cluster.version ?? 'did not answer' },
          { label: 'System identifier', value: cluster.systemIdentifier ?? 'not known' },
          { label: 'Data directory', value: cluster.dataDirectory ?? 'not known' },
          ...seats.map((seat) => ({ label: `Member ${seat.name}`, value: seatSaid(seat) })),
          ...dcsSaid(cluster.dcs),
          ...(cluster.neighbours.length === 0
            ? []
            : [{ label: 'Other clusters there', value: `${cluster.neighbours.join(', ')}: left alone` }]),
          ...proxies.map(({ name, binds, servers, configPath }) => ({
            label: `HAProxy ${name}`,
            value: `${binds.join(', ') || 'binds nothing itself'} to ${servers.join(', ')} (${configPath})`,
          })),
        ],
  offered: (row) => (row.state === 'unreachable' || row.state === 'refused' ? refuse('Its host does not answer the console.') : pass),
})
  .gate('patroni', 'A Patroni cluster was found', ({ why, cluster }) =>
    why === null ? passBecause(`It is ${cluster?.scope}.`) : refuse(why),
  )
  .gate('dcs', 'Its DCS was read', ({ cluster }) =>
    cluster === null || cluster.dcsProblem === null
      ? pass
      : warn(`What follows is what the REST API says, since the DCS was not read: ${cluster.dcsProblem}.`),
  )
  .gate('leader', 'It has a leader', ({ cluster, seats }) =>
    cluster === null || seats.some(({ isLeader }) => isLeader) ? pass : warn('No member holds the leader key at the moment.'),
  )
  .gate('alarms', 'etcd has no alarm', ({ cluster }) =>
    cluster?.dcs === null || cluster === null || cluster.dcs.alarms.length === 0
      ? pass
      : warn(`It has ${cluster.dcs.alarms.join(', ')}: with NOSPACE Patroni cannot renew the leader key.`),
  )
  .gate('identity', 'It is told apart by its system identifier', ({ cluster }) =>
    cluster === null || cluster.systemIdentifier !== null ? pass : warn('Neither the DCS nor Patroni says its system identifier.'),
  )
  .gate('herd', 'The herd has a name of its own', ({ herd }) => (herd?.problem ? refuse(herd.problem) : pass))
  .gate('members', 'Every member can be registered', ({ seats, cluster }) => membersFit(seats, cluster?.dataDirectory !== null))
  .gate('new', 'Something is to be registered', ({ seats, why }) =>
    why === null && seats.length > 0 && seats.every(({ isRegistered }) => isRegistered) ? refuse('All of it is registered already.') : pass,
  )
  .gate('keys', 'Host keys', ({ seats }) => {
    const fresh = seats.filter(({ isNewServer, problem }) => isNewServer && problem === null).map(({ server }) => server)
    return fresh.length === 0 ? pass : passBecause(`Of ${fresh.join(', ')}: accept each on the page of its server, after comparing it.`)
  })
  .gate('alike', 'The members are laid out alike', ({ plan, cluster }) =>
    plan === null || plan.members.length < 2
      ? pass
      : passBecause(
          `Each is registered with the data directory ${cluster?.dataDirectory}; one that has another is mended on its own page.`,
        ),
  )
  .effect('register', registerAll())
  .build()

function seatSaid({ role, state, isLeader, address, server, isNewServer, isRegistered, problem }: Seat): string {
  const what = `${isLeader ? 'leader' : role.replaceAll('_', ' ') || 'replica'}, ${state || 'state not known'}, ${address}`
  if (problem !== null) return `${what}; ${problem}`
  return `${what}; ${isRegistered ? `registered already, on ${server}` : `to be registered, on ${isNewServer ? `new server ${server}` : server}`}`
}

function dcsSaid(dcs: NonNullable<AdoptFacts['cluster']>['dcs']): { label: string; value: string }[] {
  if (dcs === null) return []
  const members = dcs.members.map(({ name, urls, isLeader, version, databaseBytes }) => {
    const more = [isLeader ? 'leader' : null, version, databaseBytes === null ? null : formatBytes(databaseBytes)]
      .filter(Boolean)
      .join(', ')
    return `${name || urls.join(' ')}${more === '' ? '' : ` (${more})`}`
  })
  return [
    { label: 'DCS', value: [dcs.kind, ...dcs.endpoints].join(' ') },
    ...(members.length === 0 ? [] : [{ label: 'Members of etcd', value: members.join(', ') }]),
  ]
}

function membersFit(seats: readonly Seat[], hasDirectory: boolean): Verdict {
  const ill = seats.filter(({ problem }) => problem !== null).map(({ name, problem }) => `${name}: ${problem}`)
  if (ill.length > 0) return refuse(`${ill.join('; ')}.`)
  return hasDirectory ? pass : refuse('The configuration does not say where the data directory is (postgresql.data_dir).')
}

/** All or nothing, and nothing outside the console's own database. */
function registerAll(): Effect<AdoptFacts, null, null> {
  return {
    title: 'Register the cluster',
    preview: ({ plan, herd }) => {
      const servers = (plan?.members ?? []).flatMap(({ server }) =>
        'hostname' in server ? [`${server.hostname} (${server.address})`] : [],
      )
      const parts = [
        ...(herd?.isNew ? [`herd ${herd.name}`] : []),
        ...(servers.length === 0 ? [] : [`${servers.length === 1 ? 'server' : 'servers'} ${servers.join(', ')}`]),
        `${counted(plan?.members.length ?? 0, 'member')} of ${herd?.name ?? 'it'}`,
      ]
      return { sentence: `Register ${parts.join('; ')}. Nothing on the hosts is changed.`, commands: [] }
    },
    check: async ({ plan, cluster }, ports) => {
      const { herd, servers } = await ports.inventory.clusterStanding(
        plan!.environmentId,
        cluster!.systemIdentifier,
        plan!.members.flatMap(({ server }) => ('address' in server ? [server.address] : [])),
      )
      const of =
        herd?.id ?? (plan!.herd && 'name' in plan!.herd ? (await ports.inventory.herdIn(plan!.environmentId, plan!.herd.name))?.id : null)
      const there = of ? new Set((await ports.inventory.herdInstances(of)).map(({ serverId }) => serverId)) : new Set()
      const isThere = ({ server }: NonNullable<AdoptFacts['plan']>['members'][number]) =>
        'id' in server ? there.has(server.id) : servers.some(({ id, address }) => address === server.address && there.has(id))
      return plan!.members.every(isThere) ? { found: 'done', output: null } : { found: 'ready', before: null }
    },
    run: ({ plan }, _before, ports, { signal, jobId }) =>
      ports.act.inventory.registerCluster({ ...plan!, jobId }, { timeoutMs: registerTimeoutMs, signal }),
    timeoutMs: registerTimeoutMs + 10_000,
    ending: { final: 'What was registered stays: remove it on its pages. Nothing on the hosts was changed.', harmless: true },
  }
}
