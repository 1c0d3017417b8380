import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { KeyboardProvider } from '@/components/shell/keyboard'
import { ProveDialog } from '@/components/shell/prove'
import { Shell } from '@/components/shell/shell'
import { ToastProvider } from '@/components/ui/toast'
import { ZoneProvider } from '@/components/ui/zone'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { isProvided, requireActor } from '@/lib/auth/actor'
import { type Actor, roles } from '@/lib/kernel/access/access'
import { menuFor } from '@/lib/resources/menu'
import { webPorts } from '@/lib/web-ports'
import { askMyPasskey, proveMyself } from './actions'

/** "admin", or "dba in prod, viewer": the strongest role of each environment, those of every environment without a name. */
const roleWords = (actor: Actor, nameOf: (id: string) => string | undefined): string => {
  const strongest = new Map<string | null, number>()
  for (const { role, environmentId } of actor.grants)
    strongest.set(environmentId, Math.max(strongest.get(environmentId) ?? -1, roles.indexOf(role)))
  const everywhere = strongest.get(null) ?? -1
  const words = [...strongest]
    .filter(([id, rank]) => id !== null && rank > everywhere && nameOf(id))
    .map(([id, rank]) => `${roles[rank]} in ${nameOf(id!)}`)
  if (everywhere >= 0) words.push(roles[everywhere]!)
  return words.join(', ') || 'no role'
}

/** Where the person signed in proves again who they are; null: here. */
const myProvider = async (): Promise<string | null> =>
  (await isProvided()) ? (webPorts().provider?.name ?? 'your identity provider') : null

const ConsoleLayout = async ({ children }: { children: ReactNode }) => {
  const [jar, actor] = await Promise.all([cookies(), requireActor()])
  const badged = await badgedEnvironments(actor)
  return (
    <ZoneProvider zone={jar.get('zone')?.value ?? 'UTC'}>
      <ToastProvider>
        <KeyboardProvider isOn={jar.get('keys')?.value !== 'off'}>
          <Shell
            menu={menuFor(actor)}
            name={actor.name}
            role={roleWords(actor, (id) => badged[id]?.name)}
            theme={jar.get('theme')?.value ?? 'system'}
          >
            {children}
          </Shell>
          <ProveDialog userName={actor.name} provider={await myProvider()} prove={proveMyself} askPasskey={askMyPasskey} />
        </KeyboardProvider>
      </ToastProvider>
    </ZoneProvider>
  )
}

export default ConsoleLayout
