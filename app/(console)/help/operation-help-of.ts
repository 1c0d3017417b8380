import type { ShownOperation } from '@/components/resource/help/operation-help'
import { endingKind, type Operation } from '@/lib/kernel/operation/operation'

/** An operation as its help shows it: what it checks, what it does in order, and how each step ends. */
export const operationHelp = (operation: Operation): ShownOperation => ({
  name: operation.name,
  title: operation.title,
  danger: operation.danger,
  help: operation.help,
  gates: operation.gates.map(({ name, title }) => ({ name, title })),
  effects: operation.effects.map(({ name, title, ending }) => ({
    name,
    title,
    ending: { kind: endingKind(ending), sentence: 'final' in ending ? ending.final : ending.sentence },
  })),
})
