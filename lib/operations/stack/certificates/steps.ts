import { certificateFiles, trustedFile } from '@/lib/domain/stack/files'
import type { StackServer } from '@/lib/domain/stack/stack'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { readyWith } from '../begun'
import { addressOf, stackIn } from '../facts'
import { keysWanted } from '../keys'
import { whyEtcdIll, whyNotWhole } from '../parts'
import { inOrder, type RotateFacts, restartsEtcd, unitsToReload, whyNotShown } from './facts'

const actTimeoutMs = 30_000
const lookEveryMs = 500
/** Of one server, until its daemons show the certificate and the cluster is whole. */
const settleTimes = 120

const nextOf = (facts: RotateFacts, ports: ReadPorts) =>
  ports.stacks.hasNextCertificates(
    facts.declared.id,
    stackIn(facts).servers.map(({ name }) => name),
  )

const ofWhom: Readonly<Record<RotateFacts['authority'], string>> = {
  keep: 'of the cluster’s own authority',
  add: 'of the cluster’s own authority, and a new authority that is trusted beside it and signs nothing yet',
  use: 'of the new authority, while the former one stays trusted',
  retire: 'of the cluster’s own authority, and trust it alone from now on',
}

export const makeNext = (): Effect<RotateFacts, null, null> => ({
  title: 'Make certificates',
  preview: (facts) => {
    const { servers, days } = keysWanted(stackIn(facts))
    return {
      sentence: `Make a new certificate${facts.hasNewKeys ? ' and key' : ', for the key that it has,'} for ${servers.map(({ name }) => name).join(', ')}, valid for ${days} days, ${ofWhom[facts.authority]}. They are sealed in the console beside those in use.`,
      commands: [],
    }
  },
  check: async (facts, ports) =>
    (await nextOf(facts, ports)) === 'all' ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: (facts, _before, ports, { signal }) =>
    ports.act.stacks.makeNextCertificates(
      facts.declared.id,
      { ...keysWanted(stackIn(facts)), hasNewKeys: facts.hasNewKeys, authority: facts.authority },
      { timeoutMs: actTimeoutMs, signal },
    ),
  timeoutMs: actTimeoutMs + 10_000,
  ending: {
    undo: (facts, _before, _output, ports, { signal }) =>
      ports.act.stacks.dropNextCertificates(facts.declared.id, { timeoutMs: actTimeoutMs, signal }),
    sentence: 'Delete them.',
  },
})

/** Names of servers that do not show theirs yet. */
type Before = string[]

export const replaceCertificates = (): Effect<RotateFacts, Before, null> => {
  const missing = async (facts: RotateFacts, ports: ReadPorts, signal: AbortSignal): Promise<Before> => {
    const { servers } = stackIn(facts)
    const reasons = await Promise.all(servers.map((server) => whyNotShown(facts, ports, server, 'next', signal)))
    return servers.filter((_one, index) => reasons[index] !== null).map(({ name }) => name)
  }
  return {
    title: 'Replace certificates, one server at a time',
    preview: (facts) => ({
      sentence:
        'On each server, the primary last: write certificate and key, have its daemons read them, and wait until they show the new certificate and every member and door answers.',
      commands: stackIn(facts).servers.flatMap((server) => [
        ...certificateFiles(server, 'next').map(({ path }) => `${server.name}: write ${path}`),
        ...unitsToReload(facts, server).map((unit) => `${server.name}: systemctl reload ${unit}`),
        ...(restartsEtcd(facts, server) ? [`${server.name}: systemctl restart etcd`] : []),
      ]),
    }),
    check: async (facts, ports, context) => {
      const before = await missing(facts, ports, context.signal)
      return before.length === 0 ? { found: 'done', output: null } : readyWith(before, context)
    },
    run: async (facts, _before, ports, context) => {
      const lacking = await missing(facts, ports.read, context.signal)
      for (const server of await inOrder(facts, ports.read, context.signal)) {
        if (!lacking.includes(server.name)) continue
        await until(context, 'No further server was touched: ', () => whyNotWhole(facts, ports.read, context.signal))
        await put(facts, ports, server, 'next', context)
        context.note('info', `${server.name} shows its new certificate.`)
      }
      await until(context, '', () => whyNotWhole(facts, ports.read, context.signal))
    },
    timeoutMs: ({ stack }) => (stack?.servers.length ?? 1) * (2 * settleTimes * lookEveryMs + 4 * actTimeoutMs),
    isRedone: () => true,
    ending: {
      undo: async (facts, _before, _output, ports, context) => {
        for (const server of await inOrder(facts, ports.read, context.signal))
          if ((await whyNotShown(facts, ports.read, server, 'current', context.signal)) !== null)
            await put(facts, ports, server, 'current', context)
        await forgetTrusted(facts, ports, context)
      },
      sentence: 'Write the former ones again, one server at a time.',
      timeoutMs: 600_000,
    },
  }
}

type Context = Pick<StepContext, 'signal' | 'pause'>

async function until({ signal, pause }: Context, before: string, why: () => Promise<string | null>): Promise<void> {
  let because: string | null = null
  for (let time = 0; time < settleTimes; time++) {
    because = await why()
    if (because === null) return
    signal.throwIfAborted()
    await pause(lookEveryMs)
  }
  throw new Fault('shell.failed', { because: `${before}${because}`, isOver: true })
}

async function put(facts: RotateFacts, ports: ActPorts, server: StackServer, which: 'current' | 'next', context: Context): Promise<void> {
  const host = addressOf(facts, server.name)
  const options = { timeoutMs: actTimeoutMs, signal: context.signal }
  const write = (files: StackFile[]) => ports.act.stacks.put(host, facts.declared.id, files, { ...options, isAgain: true })
  if (facts.authority !== 'keep') await write([trustedFile('none')])
  await write(certificateFiles(server, which))
  for (const unit of unitsToReload(facts, server)) await ports.act.stacks.unit(host, unit, 'reload', options)
  if (restartsEtcd(facts, server)) {
    await ports.act.stacks.unit(host, 'etcd', 'restart', options)
    await until(context, '', () => whyEtcdIll(facts, ports.read, [server], context.signal))
  }
  if (facts.authority !== 'keep') await write([trustedFile(which)])
  await until(context, '', () => whyNotShown(facts, ports.read, server, which, context.signal))
}

async function forgetTrusted(facts: RotateFacts, ports: ActPorts, { signal }: Context): Promise<void> {
  if (facts.authority === 'keep') return
  for (const { name } of stackIn(facts).servers)
    await ports.act.stacks.remove(addressOf(facts, name), [trustedFile('none').path], { timeoutMs: actTimeoutMs, signal })
}

export const adoptNext = (): Effect<RotateFacts, null, null> => ({
  title: 'Keep them as the servers’ own',
  preview: () => ({ sentence: 'Delete the former certificates and keys in the console.', commands: [] }),
  check: async (facts, ports, { intended }) =>
    intended !== null && (await nextOf(facts, ports)) === 'none' ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    await forgetTrusted(facts, ports, context)
    await ports.act.stacks.adoptNextCertificates(facts.declared.id, { timeoutMs: actTimeoutMs, signal: context.signal })
  },
  timeoutMs: 2 * actTimeoutMs,
  isRedone: () => true,
  ending: { final: 'Every daemon shows the new ones.', harmless: true },
})
