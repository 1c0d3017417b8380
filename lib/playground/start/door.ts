import { rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../lab/lab'

/**
 * Forwards a TCP port of this machine's loopback to the playground's: a Unix socket crosses network namespaces, so a listener outside hands it to the port,
 * and a small process inside listens on 127.0.0.1:port, or at the address that is given, and hands it to the socket. Returns the way to close both.
 */
export const openDoorInto = async (lab: Lab, port: number, socketPath: string, address = '127.0.0.1'): Promise<() => Promise<void>> => {
  rmSync(socketPath, { force: true })
  const outside = await listening(
    createServer((inner) => join(inner, connect({ host: '127.0.0.1', port, noDelay: true }))),
    socketPath,
  )
  const inside = lab.spawn([process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), String(port), socketPath, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    inside.stdout!.once('data', () => resolve())
    inside.once('exit', (code) => reject(new Error(`The door to port ${port} ended with ${code}.`)))
  })
  return async () => {
    inside.kill('SIGKILL')
    outside.close()
    rmSync(socketPath, { force: true })
  }
}

const join = (a: import('node:net').Socket, b: import('node:net').Socket): void => {
  a.pipe(b).pipe(a)
  a.on('error', () => b.destroy())
  b.on('error', () => a.destroy())
}

const listening = (server: Server, where: string | { host: string; port: number }): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => resolve(server))
  })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, socketPath, host] = [Number(process.argv[2]), process.argv[3]!, process.argv[4]!]
  await listening(
    createServer({ noDelay: true }, (outer) => join(outer, connect(socketPath))),
    { host, port },
  )
  console.log('open')
}
