import { refusalText } from '@/lib/domain/replication/refusal'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { CreateFacts } from './facts'

const askTimeoutMs = 15_000
const shareTimeoutMs = 30_000

type LetInFacts = Pick<CreateFacts, 'instance' | 'upstream' | 'following'> & { server: { title: string } }

const roleOf = ({ following }: LetInFacts): string => following!.conninfo.user ?? 'replicator'

/** The upstream lets the new standby replicate, proven from its own host. A password that is missing there is taken from the upstream's host. */
export const letIn: Effect<LetInFacts, null, null> = {
  title: 'Get replication access on the upstream',
  preview: (facts) => ({
    sentence: `Prove that ${facts.upstream!.title} lets ${facts.server.title} replicate as ${roleOf(facts)}; add the password from ${facts.upstream!.address.host.hostname}’s passfile to the one there, if it is missing.`,
    commands: [],
  }),
  check: async ({ instance, following }, ports, { signal }) => {
    const { works } = await ports.replication.tryReplication(instance.address, following!, { timeoutMs: askTimeoutMs, signal })
    return works ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const { instance, upstream, following } = facts
    const options = { timeoutMs: shareTimeoutMs, signal }
    await ports.act.clusters.sharePassword(upstream!.address.host, instance.address.host, roleOf(facts), options)
    const answer = await ports.read.replication.tryReplication(instance.address, following!, options)
    if (!answer.works)
      throw new Fault('step.blocked', {
        isOver: true,
        because: refusalText(answer.because, {
          upstream: upstream!.title,
          host: facts.server.title,
          conninfo: following!.conninfo,
        }),
      })
  },
  timeoutMs: askTimeoutMs + 2 * shareTimeoutMs,
  ending: { final: 'The password stays in the passfile of the host, where nobody else reads it.', harmless: true },
}
