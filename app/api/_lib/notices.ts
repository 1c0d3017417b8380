import { keepNotice } from '@/db/evictions/notices'
import { hostTokenHash, refuseHost } from '@/lib/auth/hosts'
import type { AgentNotice } from '@/lib/fields/agent-notice'

export interface NoticeAnswer {
  stored: boolean
  because?: string
}

/** Takes what a host says of its machine's end. Throws `auth.required`, `auth.throttled`, `access.denied` (the token speaks for another host), `database.down`. */
export const takeNotice = async (authorization: string | null, from: string | null, notice: AgentNotice): Promise<NoticeAnswer> => {
  const tokenHash = await hostTokenHash(authorization, from)
  const outcome = await keepNotice(tokenHash, notice)
  switch (outcome.outcome) {
    case 'unregistered':
      return { stored: false, because: `${outcome.hostname} is not registered as a server yet: accept it in the console, Discovery.` }
    case 'stored':
      return { stored: true }
    default:
      return refuseHost(tokenHash, outcome)
  }
}
