import { getRecords } from '@/db/records/records'
import { resourceByName } from '@/lib/resources'
import { type CopyLine, copyLines } from './copy-lines'
import type { loadObject } from './load'

/** The lines to copy for an object; an instance's need its host, which this person may not be allowed to see. */
export const copyLinesOf = async ({ actor, resource, record }: Awaited<ReturnType<typeof loadObject>>): Promise<CopyLine[]> => {
  const serverId = resource.name === 'instance' ? record.values.serverId : null
  const server = resourceByName('server')
  const [host] = serverId && server ? await getRecords(actor, server, [String(serverId)]) : []
  return copyLines(resource.name, record.values, host?.values ?? null)
}
