import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../setup.mjs'
import { webCommand } from './web-command'

test.each(['Dockerfile', 'docker-compose.yml', 'public/deploy/matriarch-web.service'])(
  '%s starts the web process with the limits of npm start',
  (file) => {
    const lines = readFileSync(join(projectRoot, file), 'utf8')
      .split('\n')
      .filter((line) => line.includes('app/server.ts'))
    const limits = webCommand.filter((word) => word.startsWith('--max-'))
    expect(lines.length).toBeGreaterThan(0)
    expect(limits).toHaveLength(2)
    for (const line of lines) for (const limit of limits) expect(line).toContain(limit)
  },
)
