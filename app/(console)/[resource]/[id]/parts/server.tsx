import { ConsoleKeys } from '@/components/resource/server/console-keys'
import { ServerCheck } from '@/components/resource/server/server-check'
import { Card } from '@/components/ui/card'
import { readCheck } from '@/db/fleet/checks'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { checkServer } from '@/lib/operations/check-server'
import { saveRecord, startCheck } from '../../../actions'
import { shownKeys } from '../../console-keys'
import { serverLines } from '../copy-lines'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'
import { PoolersInNeed } from './poolers-in-need'

const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id, revision, environmentId } = record
  const text = (name: string) => (typeof record.values[name] === 'string' ? (record.values[name] as string) : null)
  return (
    <>
      <PoolersInNeed actor={actor} of="server" id={id} environmentId={environmentId} />
      <ServerCheck
        serverId={id}
        revision={revision}
        pinned={text('hostKey')}
        shown={text('hostKeyOffered')}
        machine={{ pinned: text('machineId'), shown: text('machineIdOffered') }}
        because={mayNot(actor, runPermission(checkServer), environmentId)}
        mayNotAccept={mayNot(actor, 'server.change', environmentId)}
        last={await readCheck(actor, id)}
        actions={{ startCheck, saveRecord }}
      />
    </>
  )
}

export const server: ResourceParts = {
  Above,
  pages: [
    { path: 'charts', label: 'Charts' },
    { path: 'timeline', label: 'Timeline' },
  ],
  Beside: async ({ loaded: { actor, record } }) => <ConsoleKeys keys={await shownKeys(actor, record.environmentId)} />,
  BesideForm: async ({ actor, environmentId }) => (
    <>
      <ConsoleKeys keys={await shownKeys(actor, environmentId)} />
      <Card title="After saving">
        <p className="text-ink-2">The check runs step by step. The server stays registered whatever it finds.</p>
      </Card>
    </>
  ),
  copyLines: ({ record }) => serverLines(record.values),
}
