import type { ReactNode } from 'react'
import { ConsoleKeys } from '@/components/resource/server/console-keys'
import { Card } from '@/components/ui/card'
import type { Actor } from '@/lib/kernel/access/access'
import type { Resource } from '@/lib/kernel/resource/resource'
import { shownKeys } from './console-keys'

/** What stands beside a form: what a server needs before it can be reached, and what the resource is. */
export const formAside = async (actor: Actor, resource: Resource, environmentId: string | null): Promise<ReactNode> => (
  <>
    {resource.name === 'server' && <ConsoleKeys keys={await shownKeys(actor, environmentId)} />}
    <Card title="What this is">
      <div className="grid gap-2 text-ink-2">
        {resource.help.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        {resource.name === 'server' && <p>After saving, the check runs step by step. The server stays saved whatever it finds.</p>}
      </div>
    </Card>
  </>
)
