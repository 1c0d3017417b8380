import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CommandResult, HostAddress, HostCheckStep, HostsAct, HostsRead } from '@/lib/ports'
import { type Calls, perform, reach } from './calls'
import type { MemoryHost, World } from './world'

const result = (exitCode: number, stderr = ''): CommandResult => ({ exitCode, signal: null, stdout: '', stderr, isCut: false, tookMs: 1 })

/** The shell of the twin knows directories, no more: `test -d`, and the unforgiving `mkdir` and `rmdir`. */
export const memoryHostsRead = (world: World): HostsRead => ({
  read: async (address, argv, options) => {
    const host = find(world, address)
    await reach(world.clock, host, options)
    const [command, flag, path = ''] = argv
    if (command === 'test' && flag === '-d') return result(host.directories.has(path) ? 0 : 1)
    return result(127, `${command}: command not found`)
  },
  showHostKey: async ({ hostname }, options) => {
    const host = [...world.hosts.values()].find((one) => one.server.address.hostname === hostname)
    if (host === undefined) throw new Fault('shell.unreachable', { because: `${hostname} does not answer.`, isOver: true })
    if (host.power !== 'refuses-key') await reach(world.clock, host, options)
    return { fingerprint: host.server.address.hostKey ?? 'SHA256:unknown', keyType: 'ssh-ed25519' }
  },
  check: async (address, options) => {
    const steps: HostCheckStep[] = []
    const say = (step: HostCheckStep) => {
      steps.push(step)
      options.onStep?.(step)
    }
    try {
      await reach(world.clock, find(world, address), options)
      say({ name: 'reachable', title: 'The host answers', verdict: 'pass', because: `${address.address}:${address.port} answers` })
      say({ name: 'login', title: 'The key is accepted', verdict: 'pass', because: `logged in as ${address.user}` })
    } catch (error) {
      if (!isFault(error)) throw error
      const isDenied = error.code === 'shell.denied'
      say({
        name: isDenied ? 'login' : 'reachable',
        title: isDenied ? 'The key is accepted' : 'The host answers',
        verdict: 'fail',
        because: error.message,
      })
    }
    return steps
  },
})

export const memoryHostsAct = (world: World, calls: Calls): HostsAct => ({
  run: (address, argv, options) => {
    const host = find(world, address)
    return perform(calls, world.clock, host, { act: argv.join(' '), target: address.hostname }, options, () => {
      const [command, path = ''] = argv
      if (command === 'mkdir') {
        if (host.directories.has(path)) return result(1, `mkdir: cannot create directory ‘${path}’: File exists`)
        host.directories.add(path)
        return result(0)
      }
      if (command === 'rmdir')
        return host.directories.delete(path) ? result(0) : result(1, `rmdir: failed to remove '${path}': No such file or directory`)
      return result(127, `${command}: command not found`)
    })
  },
})

const find = (world: World, address: Pick<HostAddress, 'hostname'>): MemoryHost => {
  const host = world.hosts.get(address.hostname)
  if (host === undefined) throw new Fault('record.missing', { because: `There is no server ${address.hostname}.` })
  return host
}
