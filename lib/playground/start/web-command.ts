import { join } from 'node:path'
import { projectRoot } from '../setup.mjs'

/**
 * How the web process is started, here and in `public/deploy`, Dockerfile and docker-compose.yml. A page makes 3 MB of objects that are soon dead; with the
 * 16 MB that V8 keeps for the young, so many pages are in the making when it is full that a sixth of the time goes to copying what still lives. Old
 * objects get 768 MB: without a limit Node lets them grow with the machine before it cleans up. The whole process then stays below 1.25 GB, which README promises.
 */
export const webCommand: readonly [string, ...string[]] = [
  process.execPath,
  '--max-semi-space-size=64',
  '--max-old-space-size=768',
  '--import',
  'tsx',
  join(projectRoot, 'app/server.ts'),
]
