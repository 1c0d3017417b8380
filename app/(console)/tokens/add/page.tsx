import type { Metadata } from 'next'
import { TokenForm } from '@/components/people/token-form'
import { PageHeader } from '@/components/shell/page-header'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { requireActor } from '@/lib/auth/actor'
import { env } from '@/lib/env'
import { roles } from '@/lib/kernel/access/access'

export const metadata: Metadata = { title: 'Create a token' }

const Page = async () => {
  const actor = await requireActor()
  const strongest = Math.max(0, ...actor.grants.map((grant) => roles.indexOf(grant.role)))
  return (
    <>
      <PageHeader
        crumbs={[
          { href: '/', label: 'Fleet' },
          { href: '/tokens', label: 'Tokens' },
        ]}
        title="Create a token"
      />
      <div className="page-body">
        <p className="max-w-[70ch]">
          A token lets a script use the API in your name, with at most the role and the environment you give it here.
        </p>
        <TokenForm
          roles={roles.slice(0, strongest + 1)}
          environments={Object.values(await badgedEnvironments(actor))}
          longestDays={env().TOKEN_DAYS}
          origin={new URL(env().MATRIARCH_URL).origin}
        />
      </div>
    </>
  )
}

export default Page
