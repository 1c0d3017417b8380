import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import ssh2, { type ServerChannel } from 'ssh2'
import { fingerprintOf } from '@/lib/adapters/ssh/connect'
import { makeSshKey } from '@/lib/adapters/vault'
import { layoutOf } from './layout'
import { makeRecorder } from './recorder'
import { serve } from './session'

/**
 * Stands in for the sshd and the PostgreSQL of every host of a layout: one process, one listener. Answers are those of two real servers, a primary and its
 * standby, whose sockets the arguments name (hosts, primary's socket, standby's), brought up to date; a host's facts are this machine's. Prints one line of JSON
 * when it listens. A line `die ADDRESS` on its input ends a host, as when its power is cut; `stats` has it say what it could not answer.
 */
const [count, primarySocket, standbySocket] = process.argv.slice(2) as [string, string, string]
const { members, manners } = layoutOf(Number(count))
const recorders = { primary: makeRecorder(primarySocket), standby: makeRecorder(standbySocket) }
const gone = new Set<string>()
const open = new Map<string, Set<Socket>>()
const strange = new Map<string, number>()
const wonder = (at: unknown) => {
  const text = String(at).slice(0, 300)
  strange.set(text, (strange.get(text) ?? 0) + 1)
}

let survey: Promise<string> | null = null
/** What this machine says of itself, once, without the managers and poolers that run here; the clock, the load and the ticks of the processors are of now. */
const surveyed = async (command: string): Promise<string> => {
  survey ??= new Promise((resolve) => {
    execFile('sh', ['-c', `(${command}); df -Pk / | sed -n '2s/^/disk=/p'`], (_, stdout) =>
      resolve(stdout.replace(/^(pooler|manager)=.*\n/gm, '')),
    )
  })
  const ticks = Math.round(Date.now() / 10)
  return (await survey)
    .replace(/^clock=.*$/m, `clock=${(Date.now() / 1000).toFixed(6)}`)
    .replace(/^load=.*$/m, `load=${(2 * Math.random()).toFixed(2)}`)
    .replace(/^ticks=.*$/m, `ticks=cpu ${ticks} 0 ${ticks} ${8 * ticks} 0 0 0 0 0 0`)
}

const say = (channel: ServerChannel, stdout: string, exitCode: number) => {
  channel.write(stdout)
  channel.exit(exitCode)
  channel.end()
}

const machineQuestion = 'for f in /etc/machine-id'
const announced = /matriarch-[0-9a-f]{18}/

const run = async (channel: ServerChannel, address: string, command: string) => {
  channel.on('error', () => {})
  if (command.startsWith(machineQuestion)) return say(channel, `id=${createHash('md5').update(address).digest('hex')}\n`, 0)
  const nonce = announced.exec(command)?.[0]
  if (nonce !== undefined) channel.stderr.write(`${nonce} 4242 4242 (sh) S ${'0 '.repeat(18)}1000\n`)
  if (command.includes('clock=$(date')) return say(channel, await surveyed(command), 0)
  wonder(command.slice(command.indexOf('matriarch-') + 30))
  say(channel, '', 127)
}

/** Each host shows a key of its own. None of these listens: connections are handed to them. */
const sshdOf = (address: string): { sshd: ssh2.Server; fingerprint: string } => {
  const key = makeSshKey(address)
  const parsed = ssh2.utils.parseKey(key.publicKey)
  if (parsed instanceof Error) throw parsed
  const sshd = new ssh2.Server({ hostKeys: [key.privateKey] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => (context.method === 'publickey' ? context.accept() : context.reject(['publickey'])))
    client.on('ready', () => {
      client.on('session', (accept) => {
        const session = accept()
        session.on('exec', (acceptCommand, _reject, { command }) => void run(acceptCommand(), address, command).catch(wonder))
      })
      client.on('openssh.streamlocal', (accept, reject, { socketPath }) => {
        const member = members.get(`${address}:${socketPath.split('.').at(-1)}`)
        if (member === undefined) return reject()
        serve(accept(), member, member.isPrimary ? recorders.primary : recorders.standby, wonder)
      })
    })
  })
  return { sshd, fingerprint: fingerprintOf(parsed.getPublicSSH()) }
}
const sshds = new Map([...manners.keys()].map((address) => [address, sshdOf(address)]))

const listener = createServer({ noDelay: true }, (socket) => {
  const here = socket.localAddress!
  socket.on('error', () => {})
  const manner = gone.has(here) ? 'hanging' : (manners.get(here) ?? 'dead')
  if (manner === 'dead') return void socket.resetAndDestroy()
  if (manner === 'hanging') return void socket.pause()
  const others = open.get(here) ?? new Set()
  open.set(here, others.add(socket))
  socket.once('close', () => others.delete(socket))
  sshds.get(here)!.sshd.injectSocket(socket)
})
listener.listen({ host: '0.0.0.0', port: 0, backlog: 4096 }, () => {
  const { port } = listener.address() as { port: number }
  const fingerprints = Object.fromEntries([...sshds].map(([address, { fingerprint }]) => [address, fingerprint]))
  console.log(JSON.stringify({ port, fingerprints }))
})

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, host] = line.split(' ')
    if (word === 'die') {
      gone.add(host!)
      // Silent, as a host without power: whoever waits for an answer goes on waiting.
      for (const socket of open.get(host!) ?? []) socket.removeAllListeners('data').pause()
    }
    if (word === 'stats')
      console.log(
        JSON.stringify({ questions: recorders.primary.questions() + recorders.standby.questions(), strange: Object.fromEntries(strange) }),
      )
  })
  .on('close', () => process.exit(0))
