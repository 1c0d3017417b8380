import { ensureBuild } from '@/lib/playground/setup.mjs'

/** Stacks that come up at once would build over each other. */
export default async function globalSetup(): Promise<void> {
  await ensureBuild()
}
