import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'

/** Gone, or a zombie that only waits for its parent. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** A port on this machine that accepts and never says a word. */
export const listenSilently = async (heard: () => void) => {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    heard()
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
