import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { projectRoot } from '@/lib/playground/setup.mjs'

interface Service {
  command: string[]
  environment?: Record<string, string>
  secrets?: string[]
  ports?: string[]
}
const { services } = parse(readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
}

test('the containers listen on this machine only, and no secret reaches one that does not need it', () => {
  const holders = (secret: string) => Object.keys(services).filter((name) => services[name]!.secrets?.includes(secret))
  for (const { ports = [] } of Object.values(services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  expect(holders('auth_secret')).toEqual(['web'])
  expect(holders('vault_key')).toEqual(['worker'])
  for (const [name, file] of [
    ['AUTH_SECRET_FILE', 'web'],
    ['VAULT_KEY_FILE', 'worker'],
  ] as const)
    expect(Object.keys(services).filter((service) => services[service]!.environment?.[name] !== undefined)).toEqual([file])
  // The owner of the tables migrates; web and workers log in as themselves.
  expect(holders('database_password')).toEqual(['migrate', 'postgres'])
  for (const login of ['web', 'worker'])
    expect(services[login]).toMatchObject({
      environment: { DATABASE_USER: `matriarch_${login}`, DATABASE_PASSWORD_IN: `database_${login}_password` },
      secrets: expect.arrayContaining([`database_${login}_password`]),
    })
  expect(holders('database_web_password')).toEqual(['migrate', 'web'])
  expect(holders('database_worker_password')).toEqual(['migrate', 'worker'])
  expect(services.redis!.command.join(' ')).toContain('requirepass $$(cat /run/secrets/redis_password)')
  for (const { environment = {} } of Object.values(services))
    expect(Object.keys(environment).filter((name) => /(_URL|_SECRET|_KEY|_PASSWORD)$/.test(name) && name !== 'MATRIARCH_URL')).toEqual([])
})
