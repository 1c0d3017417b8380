import type { Metadata } from 'next'
import Link from 'next/link'
import { PageHeader } from '@/components/shell/page-header'
import { Card } from '@/components/ui/card'
import { Moment } from '@/components/ui/zone'
import { readCalls } from '@/db/pygmy/calls'
import { type Cluster, readClusters, readNodes } from '@/db/pygmy/clusters'
import { readExceptions } from '@/db/pygmy/exceptions'
import { type Management, readManagements } from '@/db/pygmy/managements'
import { readDnsEntries } from '@/db/pygmy/names'
import { readNumberedRules } from '@/db/pygmy/rules'
import { requireActor } from '@/lib/auth/actor'
import { isFault } from '@/lib/kernel/ground/errors'
import { NotedFault } from '../noted-fault'
import { ScriptTable } from './table'

export const metadata: Metadata = { title: 'pygmy scripts' }

const crumbs = [{ href: '/', label: 'Fleet' }]
const max = 200

/** What scripts that call `/v1/api` know by their numbers, beside what it is here. */
const PygmyScriptsPage = async () => {
  const actor = await requireActor()
  try {
    const [clusters, managements, rules, nodes, entries, exceptions, calls] = await Promise.all([
      readClusters(actor),
      readManagements(actor),
      readNumberedRules(actor),
      readNodes(actor),
      readDnsEntries(actor),
      readExceptions(actor),
      readCalls(actor),
    ])
    const herdOf = (number: number | null) => clusters.find((one) => one.number === number) ?? null
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title="pygmy scripts"
          subtitle="What scripts that were written for pygmy call at /v1/api, and what it is here."
        />
        <div className="page-body">
          <Card title="Clusters" isFlush>
            <ScriptTable
              name="clusters"
              columns={['Number', 'Name for scripts', 'Herd', 'Enabled', 'Fallbacks up', 'Fallbacks down', 'Active users']}
              none="There is no herd that you may see."
              max={max}
              rows={clusters.map((one) =>
                clusterRow(
                  one,
                  managements.find(({ cluster_id }) => cluster_id === one.number),
                ),
              )}
            />
          </Card>
          <Card title="Rules" isFlush>
            <ScriptTable
              name="rules"
              columns={['Number', 'Name for scripts', 'Sizing rule', 'Herd', 'Action', 'At', 'If']}
              none="There is no sizing rule. POST /v1/api/rules adds one."
              max={max}
              rows={rules.map(({ id, name, conditions, shown }) => ({
                key: id,
                cells: [
                  shown.id,
                  shown.name,
                  <Link key="rule" href={`/sizing-rules/${id}`}>
                    {name}
                  </Link>,
                  herdLink(herdOf(shown.cluster)),
                  shown.action,
                  shown.run_at.join('; '),
                  conditions === '' ? 'always' : conditions,
                ],
              }))}
            />
          </Card>
          <Card title="DNS entries" isFlush>
            <ScriptTable
              name="DNS entries"
              columns={['Number', 'Name', 'Zone', 'Of', 'Herd']}
              none="There is none. POST /v1/api/dns adds one."
              max={max}
              rows={entries.map((one) => {
                const node = nodes.find(({ number }) => number === one.instance)
                const herd = node ? clusters.find(({ herdId }) => herdId === node.herdId) : herdOf(one.cluster)
                return {
                  key: String(one.id),
                  cells: [one.id, one.dns_name, one.hosted_zone_name, node?.title ?? `PGRole=${one.tag_role}`, herdLink(herd ?? null)],
                }
              })}
            />
          </Card>
          <Card title="Exceptions" isFlush>
            <ScriptTable
              name="exceptions"
              columns={['Number', 'Day (UTC)', 'Herds that rest']}
              none="No herd rests wholly on a day of its calendar. POST /v1/api/exceptions adds one."
              max={max}
              rows={exceptions.map(({ id, exception_date, clusters: resting }) => ({
                key: String(id),
                cells: [id, exception_date, resting.map((one) => herdOf(one.id)?.herdName ?? one.value).join(', ')],
              }))}
            />
          </Card>
          <Card title="Last calls" isFlush>
            <ScriptTable
              name="last calls"
              columns={['When', 'By', 'Call', 'Status', 'Refused with']}
              none="Nobody has called /v1/api yet."
              max={max}
              rows={calls.map(({ at, actorName, method, path, status, answer }, index) => ({
                key: `${at} ${index}`,
                cells: [<Moment key="at" at={at} />, actorName, `${method} ${path}`, status, answer],
              }))}
            />
          </Card>
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error, 'access.denied')) throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

const herdLink = (herd: Cluster | null) => (herd === null ? '' : <Link href={`/herds/${herd.herdId}`}>{herd.herdName}</Link>)

const listed = (list: unknown): string => (Array.isArray(list) ? list.map(String).join(', ') : '')

const clusterRow = (cluster: Cluster, management: Management | undefined) => ({
  key: cluster.herdId,
  cells: [
    cluster.number,
    cluster.name,
    herdLink(cluster),
    cluster.disabledBy[0] === undefined ? (
      'Yes'
    ) : (
      <Link key="calendar" href={`/calendars/${cluster.disabledBy[0]}`}>
        No, by a calendar
      </Link>
    ),
    listed(management?.fallback_instances_scale_up),
    listed(management?.fallback_instances_scale_down),
    listed(management?.check_active_users),
  ],
})

export default PygmyScriptsPage
