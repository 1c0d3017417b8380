import { createHash } from 'node:crypto'
import type { Client } from 'ssh2'
import { Fault } from '@/lib/kernel/ground/errors'

/** Fixed text. Systemd's or D-Bus's id of the machine; where there is none, the public keys of its SSH server, which anybody there may read. */
const script = `for f in /etc/machine-id /var/lib/dbus/machine-id; do [ -r "$f" ] && { echo "id=$(head -c 64 "$f")"; exit 0; }; done
for f in /etc/ssh/ssh_host_*_key.pub; do [ -r "$f" ] && echo "key=$(head -c 4096 "$f")"; done
exit 0`

const answerBytesMax = 65_536

/**
 * Which machine this is, as it says itself: `3f2a…` (32 hexadecimal digits) of /etc/machine-id, or `keys:…` of all its SSH host keys. An address, a name
 * or one host key of several can be had twice; this cannot, short of a cloned disk. Null: it does not say.
 */
export const machineIdIn = (answer: string): string | null => {
  const lines = answer.split('\n')
  const id = lines
    .find((line) => line.startsWith('id='))
    ?.slice(3)
    .trim()
    .toLowerCase()
  if (id !== undefined && /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) return id
  const keys = lines.filter((line) => line.startsWith('key=')).map((line) => line.slice(4).trim().split(' ').slice(0, 2).join(' '))
  return keys.length === 0 ? null : `keys:${createHash('sha256').update(keys.sort().join('\n')).digest('hex')}`
}

/** Asks on a connection that nobody else has yet. Throws `shell.unreachable` when there is no answer within `timeoutMs`, `shell.machine-unknown`. */
export const askMachineId = async (client: Client, hostname: string, timeoutMs: number): Promise<string> => {
  const answer = await new Promise<string>((resolve, reject) => {
    const silent = (cause?: unknown) =>
      reject(
        new Fault(
          'shell.unreachable',
          { host: hostname, isOver: true, because: `${hostname} let the console in and did not say which machine it is.` },
          { cause },
        ),
      )
    const timer = setTimeout(silent, timeoutMs)
    const closed = () => silent()
    client.once('close', closed)
    client.exec(script, (error, channel) => {
      if (error) return silent(error)
      let text = ''
      channel.on('data', (piece: Buffer) => {
        if (text.length < answerBytesMax) text += piece.toString('latin1')
      })
      channel.stderr.resume()
      channel.once('close', () => {
        clearTimeout(timer)
        client.removeListener('close', closed)
        resolve(text)
      })
    })
  })
  const id = machineIdIn(answer)
  if (id === null)
    throw new Fault('shell.machine-unknown', {
      host: hostname,
      isOver: true,
      because: `${hostname} has neither a readable /etc/machine-id nor readable public host keys in /etc/ssh, so nothing tells it from another machine. Make an id there: systemd-machine-id-setup, or dbus-uuidgen --ensure=/etc/machine-id.`,
    })
  return id
}
