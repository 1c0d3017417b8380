import Link from 'next/link'
import { getRecords } from '@/db/records/records'
import { mayRun } from '@/lib/operations/may-run'
import { server } from '@/lib/resources/server'
import { instanceLines } from '../copy-lines'
import type { ResourceParts } from './part'

export const instance: ResourceParts = {
  OverRelated: ({ actor, by, environmentId }) =>
    by === 'herdId' && environmentId !== null && mayRun(actor, 'create', environmentId) ? (
      <Link href={`/servers?environmentId=${environmentId}`} prefetch={false} title="Tick servers there, then “Create member”.">
        Add a member
      </Link>
    ) : null,
  copyLines: async ({ actor, record }) => {
    const { serverId } = record.values
    const [host] = typeof serverId === 'string' ? await getRecords(actor, server, [serverId]) : []
    return instanceLines(record.values, host?.values ?? null)
  },
}
