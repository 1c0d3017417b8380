// Runs in the lab's network: what connects to the Unix socket reaches the TCP target. Arguments: socket, host, port.
import { connect, createServer } from 'node:net'

const [socketPath, host, port] = process.argv.slice(2)
createServer({ allowHalfOpen: true }, (outer) => {
  const inner = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true })
  outer.pipe(inner).pipe(outer)
  outer.on('error', () => inner.destroy())
  inner.on('error', () => outer.destroy())
  outer.on('close', () => inner.destroy())
  inner.on('close', () => outer.destroy())
}).listen(socketPath, () => console.log('listening'))
