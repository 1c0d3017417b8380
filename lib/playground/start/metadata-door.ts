import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { metadataServer } from '../cloud/launch/metadata'
import type { CloudState } from '../cloud/state'
import type { Lab } from '../lab/lab'

const goAhead = '\n'
/** The longest line with an address in it. */
const lineMax = 64

/**
 * Has every host that is a machine of the cloud find its own metadata at 169.254.169.254, as on EC2: one small process inside the playground listens there, and
 * says in the first line who called before it hands the connection on. Who calls is the machine whose address that is. Returns the way to close it.
 */
export const openMetadata = async (lab: Lab, state: CloudState, socketPath: string): Promise<() => Promise<void>> => {
  rmSync(socketPath, { force: true })
  const callers = new WeakMap<Socket, string>()
  const answers = metadataServer(state, (socket) => {
    const address = callers.get(socket)
    const machine = [...state.machines.values()].find(({ privateIp, state: now }) => privateIp === address && now === 'running')
    return machine ?? null
  })
  const outside = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    let start = Buffer.alloc(0)
    const read = (piece: Buffer) => {
      start = Buffer.concat([start, piece])
      const end = start.indexOf('\n')
      if (end < 0) return start.length > lineMax ? void socket.destroy() : undefined
      socket.off('data', read)
      socket.pause()
      callers.set(socket, start.subarray(0, end).toString())
      answers.emit('connection', socket)
      // Only now comes the question: Node's HTTP server reads from the socket itself, past what others have read of it.
      socket.write(goAhead)
    }
    socket.on('data', read)
  })
  await listening(outside, socketPath)
  const inside = lab.spawn([process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), socketPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    inside.stdout!.once('data', () => resolve())
    inside.once('exit', (code) => reject(new Error(`The door to the machines' metadata ended with ${code}.`)))
  })
  return async () => {
    inside.kill('SIGKILL')
    outside.close()
    rmSync(socketPath, { force: true })
  }
}

const listening = (server: Server, where: string | { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, resolve)
  })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const socketPath = process.argv[2]!
  const inside = createServer({ noDelay: true }, (asks) => {
    const outer = connect(socketPath)
    asks.on('error', () => outer.destroy())
    outer.on('error', () => asks.destroy())
    outer.write(`${asks.remoteAddress}\n`)
    outer.once('data', (first: Buffer) => {
      if (first.length > goAhead.length) asks.write(first.subarray(goAhead.length))
      asks.pipe(outer).pipe(asks)
    })
  })
  await listening(inside, { host: '169.254.169.254', port: 80 })
  console.log('open')
}
