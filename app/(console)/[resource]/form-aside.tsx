import type { ReactNode } from 'react'
import { Card } from '@/components/ui/card'
import type { Actor } from '@/lib/kernel/access/access'
import type { Resource } from '@/lib/kernel/resource/resource'
import type { ResourceName } from '@/lib/resources'
import { partsOf } from './[id]/parts'

/** What stands beside a form: what the resource is, and what is needed before it is filled in. */
export const formAside = (actor: Actor, resource: Resource<ResourceName>, environmentId: string | null): ReactNode => {
  const { BesideForm } = partsOf(resource.name)
  return (
    <>
      {BesideForm && <BesideForm actor={actor} environmentId={environmentId} />}
      <Card title="What this is">
        <div className="grid gap-2 text-ink-2">
          {resource.help.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
        </div>
      </Card>
    </>
  )
}
