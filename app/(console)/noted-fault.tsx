import { headers } from 'next/headers'
import type { ComponentProps } from 'react'
import { FaultPage } from '@/components/shell/fault-page'
import { currentActor } from '@/lib/auth/actor'
import { noteRefused } from '@/lib/auth/refusals'

/** As `FaultPage`; that somebody was refused a page is in the audit log. */
export const NotedFault = async (props: ComponentProps<typeof FaultPage>) => {
  const path = (await headers()).get('x-matriarch-path')?.split('?')[0] ?? 'a page'
  await noteRefused(await currentActor(), props.fault, `page ${path}`)
  return <FaultPage {...props} />
}
