import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { newSecret } from '@/lib/adapters/stacks/keys'
import { beforePackages, packagesOf, partFiles } from '@/lib/domain/stack/files'
import { fillIn, ownSecrets, userSecret } from '@/lib/domain/stack/secrets'
import type { Stack } from '@/lib/domain/stack/stack'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { statements } from '@/lib/operations/stack/database'
import type { Lab } from '@/lib/playground/lab/lab'
import { labKey } from '@/lib/playground/machine/secrets'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { sshOptions } from './fanout-peers'

const playTimeoutMs = 300_000

export interface BuildPeer {
  /** One run of the playbook: milliseconds, and how many tasks changed something. Throws when a task failed. */
  play: () => Promise<{ tookMs: number; changed: number }>
}

/** Ansible with a playbook of its own, over SSH with pipelining and connections that are kept, for the same cluster. `folder`: of this cluster alone. */
export const buildPeer = async (lab: Lab, folder: string, stack: Stack): Promise<BuildPeer> => {
  mkdirSync(join(folder, 'pki'), { recursive: true })
  const put = (path: string, text: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
    return join(folder, path)
  }
  const names = [...ownSecrets, ...stack.database.users.map(userSecret)]
  const secrets = Object.fromEntries(names.map((name) => [name, newSecret()]))
  const literals = Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, quoteLiteral(secret)]))
  for (const server of stack.servers) {
    const files = [beforePackages, ...server.parts.flatMap((part) => partFiles(stack, server, part, stack.servers[0]!))]
    for (const { path, text } of files) put(join('files', server.name, path), fillIn(text, secrets))
  }
  const vars = {
    pki: join(folder, 'pki'),
    files: join(folder, 'files'),
    packages: packagesOf(stack, stack.servers[0]!).map(({ name }) => name),
    password: secrets[userSecret(stack.database.users[0]!)],
    statements: statements(stack).map(({ database, sql }, index) => ({ database, file: put(`${index}.sql`, fillIn(sql, literals)) })),
  }
  const base = await sshOptions(lab, folder)
  const { privateKeyFile } = await labKey(lab.layout)
  const config = put(
    'ansible.cfg',
    [
      '[defaults]',
      `private_key_file = ${privateKeyFile}`,
      'interpreter_python = /usr/bin/python3',
      'host_key_checking = True',
      'remote_user = postgres',
      `forks = ${stack.servers.length}`,
      `local_tmp = ${join(folder, 'ansible')}`,
      'remote_tmp = /tmp/.ansible',
      '[ssh_connection]',
      'pipelining = True',
      `ssh_args = -o ControlMaster=auto -o ControlPersist=600 ${base.map((one) => `-o ${one}`).join(' ')}`,
      `control_path = ${join(folder, 'a-%%h')}`,
    ].join('\n'),
  )
  const hosts = Object.fromEntries(stack.servers.map(({ name, address }) => [name, { ansible_host: address }]))
  // JSON is YAML.
  const inventory = put('inventory.yml', JSON.stringify({ all: { children: { cluster: { hosts, vars } }, vars } }))
  const playbook = join(folder, 'cluster.yml')
  cpSync(join(projectRoot, 'e2e/bench/ansible/cluster.yml'), playbook)
  return {
    play: async () => {
      const startedAt = performance.now()
      const env = { ...process.env, ANSIBLE_CONFIG: config, HOME: folder, ANSIBLE_NOCOLOR: '1' }
      const { code, stdout, stderr } = await lab.run(['ansible-playbook', '-i', inventory, playbook], { env, timeoutMs: playTimeoutMs })
      const tookMs = performance.now() - startedAt
      if (code !== 0) throw new Error(`ansible-playbook ended with ${code}:\n${stdout.slice(-4000)}\n${stderr.slice(-2000)}`)
      const changed = [...stdout.matchAll(/ changed=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
      return { tookMs, changed }
    },
  }
}
