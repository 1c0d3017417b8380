import { forgetKeys } from '@/db/runs/idempotency'
import { refreshGroups } from '@/lib/auth/refresh-groups'
import { refreshIdentities } from '@/lib/auth/refresh-identities'
import { env } from '@/lib/env'
import { logger } from '@/lib/log'
import { webPorts } from '@/lib/web-ports'

const everyMs = 60_000

const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    logger().warn({ err: error }, `${what} failed; it is tried again in a minute`)
  }
}

/** What only the web process can do by itself: ask the directory after people who hold something, and forget answers kept for repeated keys. Every web process may. */
export const startHousekeeping = (): void => {
  const { directory, provider } = webPorts()
  setInterval(() => {
    void attempt('forgetting old answers', forgetKeys)
    if (directory) void attempt('asking the directory after people', () => refreshGroups(directory))
    void attempt('asking the identity provider after people', () => refreshIdentities(provider, env().OIDC_VOUCHED_HOURS))
  }, everyMs).unref()
}
