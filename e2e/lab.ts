import { labCommand } from '@/lib/playground/lab/cli'

/** `npm run lab`: the playground's own tool, and scenarios, with which come the console and its operations; no other verb needs them. */
await labCommand(process.argv.slice(2), {
  scenario: async (words, values) => (await import('./harness/scenario/cli')).scenarioVerb(words, values),
})
