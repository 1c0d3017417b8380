import { certificateFiles } from '@/lib/domain/stack/files'
import { ownSecrets, userSecret } from '@/lib/domain/stack/secrets'
import type { Stack } from '@/lib/domain/stack/stack'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts, StackKeysWanted } from '@/lib/ports'
import { readyWith } from './begun'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { fileCommands } from './told'
import { type FilesBefore, filesToWrite, takeBackWritten } from './written'

const actTimeoutMs = 30_000

export const keysWanted = ({ cluster, servers, database, certificateDays }: Stack): StackKeysWanted => ({
  cluster,
  secrets: [...ownSecrets, ...database.users.map(userSecret)],
  servers: servers.map(({ name, address }) => ({ name, address })),
  days: certificateDays,
})

export const makeKeys = (): Effect<BuildFacts, { hadKeys: boolean }, null> => ({
  title: 'Make authority, certificates and passwords',
  preview: (facts) => {
    const { secrets, servers, days } = keysWanted(stackIn(facts))
    return {
      sentence: `Make an authority for this cluster, a certificate for ${servers.map(({ name }) => name).join(', ')} (valid for ${days} days), and ${secrets.length} passwords. They are sealed in the console; no person sees them.`,
      commands: [],
    }
  },
  check: async (facts, ports) => {
    const hasKeys = await ports.stacks.hasKeys(facts.declared.id, keysWanted(stackIn(facts)))
    return hasKeys ? { found: 'done', output: null } : { found: 'ready', before: { hadKeys: facts.declared.isBuilt } }
  },
  run: (facts, _before, ports, { signal }) =>
    ports.act.stacks.makeKeys(facts.declared.id, keysWanted(stackIn(facts)), { timeoutMs: actTimeoutMs, signal }),
  timeoutMs: actTimeoutMs + 10_000,
  ending: {
    undo: async (facts, { hadKeys }, _output, ports, { signal }) => {
      if (!hadKeys) await ports.act.stacks.dropKeys(facts.declared.id, { timeoutMs: actTimeoutMs, signal })
    },
    sentence: 'Delete them, where there were none before.',
  },
})

type Before = { server: string; files: FilesBefore }[]

export const putCertificates = (): Effect<BuildFacts, Before, null> => {
  const filesOn = (facts: BuildFacts, name: string) => certificateFiles(stackIn(facts).servers.find((one) => one.name === name)!)
  const missing = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<Before> => {
    const lacking = await Promise.all(
      stackIn(facts).servers.map(async ({ name }) => {
        const what = { files: filesOn(facts, name) }
        const seen = await ports.stacks.look(addressOf(facts, name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
        return { server: name, files: filesToWrite(seen) }
      }),
    )
    return lacking.filter(({ files }) => files.length > 0)
  }
  return {
    title: 'Write certificates',
    preview: (facts) => ({
      sentence:
        'Give each server its certificate, and its key in a copy for each user that runs a daemon there, readable by that user alone.',
      commands: stackIn(facts).servers.flatMap(({ name }) => fileCommands(facts, name, filesOn(facts, name))),
    }),
    check: async (facts, ports, context) => {
      const before = await missing(facts, ports, context.signal)
      return before.length === 0 ? { found: 'done', output: null } : readyWith(before, context)
    },
    run: async (facts, _before, ports, { signal }) => {
      const lacking = await missing(facts, ports.read, signal)
      const options = { timeoutMs: actTimeoutMs, signal }
      await Promise.all(
        lacking.map(({ server }) => ports.act.stacks.put(addressOf(facts, server), facts.declared.id, filesOn(facts, server), options)),
      )
    },
    timeoutMs: actTimeoutMs + 10_000,
    ending: {
      undo: async (facts, before, _output, ports, { signal }) => {
        const options = { timeoutMs: actTimeoutMs, signal }
        await Promise.all(
          before.map(({ server, files }) =>
            takeBackWritten(ports, addressOf(facts, server), facts.declared.id, filesOn(facts, server), files, options),
          ),
        )
      },
      sentence: 'Remove them.',
    },
  }
}
