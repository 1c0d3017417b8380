import { JudgeCard } from '@/components/resource/blueprint/judge-card'
import { Judged } from '@/components/resource/blueprint/judged'
import { Card } from '@/components/ui/card'
import { launchedDoor } from '@/db/blueprints/door'
import { judgeBlueprint } from '@/db/blueprints/judge'
import { isFault } from '@/lib/kernel/ground/errors'
import { launchedLines } from '../copy-lines'
import type { Loaded, ResourceParts } from './part'

const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const judged = await judgeBlueprint(actor, record.id, record.values).catch((error) => {
    if (!isFault(error, 'access.denied') && !isFault(error, 'record.missing')) throw error
    return error.message
  })
  return (
    <Card title="Price and fit" actions={<a href={`/api/v1/blueprints/${record.id}/manifest`}>As YAML</a>}>
      {typeof judged === 'string' ? <p>{judged}</p> : <Judged judged={judged} />}
    </Card>
  )
}

export const blueprint: ResourceParts = {
  Above,
  BesideForm: () => <JudgeCard />,
  copyLines: async ({ actor, record }) =>
    record.values.herdId == null ? [] : launchedLines(await launchedDoor(actor, String(record.values.herdId))),
}
