import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '@/lib/playground/lab/lab'
import { installPackages } from '@/lib/playground/machine/packages.mjs'
import type { CommandResult } from '@/lib/playground/machine/processes'
import { labKey } from '@/lib/playground/machine/secrets'

export interface FanoutPeer {
  name: string
  /** Milliseconds for all hosts. Throws when any of them failed. */
  reload: () => Promise<number>
}

const needed = [
  { program: '/usr/bin/ansible', package: 'ansible-core' },
  { program: '/usr/bin/parallel-ssh', package: 'pssh' },
  { program: '/usr/bin/clush', package: 'clustershell' },
]

export const ensureFanoutPeers = (): Promise<void> => ensurePeers(needed)

/** Installs the tools to be measured against, and says so. Throws with the command to type when this process may not. */
export const ensurePeers = async (needed: readonly { program: string; package: string }[]): Promise<void> => {
  const missing = needed.filter(({ program }) => !existsSync(program)).map((one) => one.package)
  if (missing.length === 0) return
  console.log(`Installing the peers: ${missing.join(', ')}`)
  await installPackages(missing)
}

const timed = async (name: string, run: () => Promise<CommandResult>): Promise<number> => {
  const startedAt = performance.now()
  const { code, stdout, stderr } = await run()
  const tookMs = performance.now() - startedAt
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
  return tookMs
}

/** How any ssh reaches the lab's hosts as postgres, with their keys checked: options as `-o` takes them. */
export const sshOptions = async (lab: Lab, folder: string): Promise<string[]> => {
  const { privateKeyFile } = await labKey(lab.layout)
  const known = lab.hostKeys().map(({ address, publicKey }) => `${address} ${publicKey}\n`)
  writeFileSync(join(folder, 'known_hosts'), known.join(''))
  return [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'User=postgres',
    `IdentityFile=${privateKeyFile}`,
    `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
    'StrictHostKeyChecking=yes',
  ]
}

/** The same command on every host of the lab, by each peer, from the lab's own network and with host keys checked. Warm ones keep their connections between rounds. */
export const fanoutPeers = async (lab: Lab, folder: string, command: readonly string[]): Promise<FanoutPeer[]> => {
  mkdirSync(folder, { recursive: true })
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const { hosts } = lab.fleet
  const base = await sshOptions(lab, folder)
  const { privateKeyFile } = await labKey(lab.layout)
  const cold = [...base, 'ControlMaster=no', 'ControlPath=none']
  const warm = (name: string) => [...base, 'ControlMaster=auto', `ControlPath=${join(folder, `${name}-%h`)}`, 'ControlPersist=600']
  const configFile = (name: string, options: string[]) =>
    file(`${name}.ssh`, `Host *\n${options.map((one) => `  ${one.replace('=', ' ')}\n`).join('')}`)
  const addresses = file('hosts', hosts.map(({ address }) => `${address}\n`).join(''))
  const inventory = file('inventory', hosts.map(({ address }) => `${address} ansible_user=postgres\n`).join(''))
  const ansibleConfig = file(
    'ansible.cfg',
    [
      '[defaults]',
      `private_key_file = ${privateKeyFile}`,
      'interpreter_python = /usr/bin/python3',
      `local_tmp = ${join(folder, 'ansible')}`,
      'remote_tmp = /tmp/.ansible',
      '[ssh_connection]',
      'pipelining = True',
      `ssh_args = -o ControlMaster=auto -o ControlPersist=600 ${base.map((one) => `-o ${one}`).join(' ')}`,
      `control_path = ${join(folder, 'ansible-%%h')}`,
    ].join('\n'),
  )
  const line = command.join(' ')
  const environment = { ...process.env, ANSIBLE_CONFIG: ansibleConfig, HOME: folder }
  const inside = (argv: string[]) => lab.run(argv, { env: environment, timeoutMs: 300_000 })
  const peer = (name: string, argv: string[]): FanoutPeer => ({ name, reload: () => timed(name, () => inside(argv)) })
  const many = String(hosts.length)
  const pssh = (options: string[]) => [
    'parallel-ssh',
    '-h',
    addresses,
    '-p',
    many,
    '-t',
    '0',
    ...options.flatMap((one) => ['-O', one]),
    line,
  ]
  const clush = (name: string, options: string[]) => [
    ...['clush', '-S', '-f', many, '-o', `-F ${configFile(name, options)}`, '--hostfile', addresses],
    line,
  ]
  return [
    peer('ansible -f 50, warm', ['ansible', 'all', '-i', inventory, '-f', many, '-m', 'command', '-a', line]),
    peer('parallel-ssh, cold', pssh(cold)),
    peer('parallel-ssh, warm', pssh(warm('pssh'))),
    peer('clush, cold', clush('clush-cold', cold)),
    peer('clush, warm', clush('clush-warm', warm('clush'))),
  ]
}
