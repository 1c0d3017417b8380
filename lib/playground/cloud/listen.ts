import type { Server } from 'node:http'

/** Has a server listen on a port, where 0 is any free one. Answers the port. */
export const listen = async (server: Server, port: number, host = '127.0.0.1'): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return (server.address() as { port: number }).port
}

/** Whoever is connected is cut. */
export const stopListening = async (server: Server): Promise<void> => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
