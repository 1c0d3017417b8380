import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { LabError } from '../machine/error'
import type { Layout } from '../machine/layout'
import { hostScripts } from '../machine/machine'
import type { Supervisor } from '../machine/supervisor'

export type RelayTarget = { host: string; port: number } | { path: string }
export type RelayOptions = { listenHost: string; listenPort: number; target: RelayTarget }
export type Relay = { host: string; port: number; close: () => Promise<void> }

/**
 * Listens on this machine and forwards into the lab: to a Unix socket (which crosses network namespaces by itself), or to
 * a TCP address inside through a small process there. `listenPort` 0 takes a free port. Works while the lab is up.
 */
export async function openRelay(layout: Layout, supervisor: Supervisor, options: RelayOptions): Promise<Relay> {
  supervisor.require()
  const inner = 'path' in options.target ? undefined : await startInner(layout, supervisor, options.target)
  // A socket's path may not exceed 107 bytes; through the folder's descriptor it stays short wherever the state folder is.
  const folder = openSync(layout.run(), 'r')
  const path = 'path' in options.target ? options.target.path : `/proc/self/fd/${folder}/${inner?.socket}`
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (outside) => {
    const inside = connect({ path, allowHalfOpen: true })
    for (const socket of [outside, inside]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      socket.on('error', () => socket.destroy())
    }
    outside.on('close', () => inside.destroy())
    inside.on('close', () => outside.destroy())
    outside.pipe(inside).pipe(outside)
  })
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(new LabError(`Cannot listen on ${options.listenHost}:${options.listenPort}: ${cause.message}`, { cause }))
    server.once('error', refuse)
    server.listen(options.listenPort, options.listenHost, () => {
      server.off('error', refuse)
      resolve()
    })
  }).catch((cause) => {
    inner?.stop()
    closeSync(folder)
    throw cause
  })
  return {
    host: options.listenHost,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      inner?.stop()
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      closeSync(folder)
    },
  }
}

async function startInner(layout: Layout, supervisor: Supervisor, target: { host: string; port: number }) {
  const socket = `relay-${randomBytes(4).toString('hex')}`
  const argv = [process.execPath, `${hostScripts}/relay.mjs`, socket, target.host, String(target.port)]
  const child = supervisor.spawn(argv, { cwd: layout.run(), stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new LabError(`The relay's inner half ended with ${signal ?? code}.`)))
  })
  child.unref()
  return {
    socket,
    stop: () => {
      child.kill('SIGKILL')
      rmSync(layout.run(socket), { force: true })
    },
  }
}
