import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'
import type { EndpointSource } from '@/lib/ports/endpoints'
import type { Ssh } from '../ssh'
import { deadlineIn } from '../ssh/deadline'
import { openTls } from './tls'

/** Why nothing that needs a host is done there. */
export const noHost = (host: Pick<HostAddress, 'hostname'>): Fault =>
  new Fault('shell.no-host', {
    isOver: true,
    because: `${host.hostname} is a DB instance of Amazon RDS: AWS gives nobody a login to its host, and what this needs is done there.`,
  })

/** The port in the name of a server's socket: `/var/run/postgresql/.s.PGSQL.5432`. */
const portOf = (socketPath: string): number => Number(socketPath.split('.').at(-1))

/** The same pool, through which endpoints are reached as well: a socket there is TCP with TLS, and a command is refused. */
export const withEndpoints = (ssh: Ssh, source: EndpointSource): Ssh => ({
  ...ssh,
  exec: async (host, argv, options) => {
    if (host.endpoint) throw noHost(host)
    return ssh.exec(host, argv, options)
  },
  forward: (host, to, options) =>
    host.endpoint
      ? openTls(host, typeof to === 'string' ? portOf(to) : to.port, source.ca, deadlineIn(options.timeoutMs, options.signal))
      : ssh.forward(host, to, options),
  reach: async (host, options) => {
    if (host.endpoint) throw noHost(host)
    return ssh.reach(host, options)
  },
  accepts: async (host, privateKey, options) => host.endpoint === undefined && ssh.accepts(host, privateKey, options),
  passwordOf: async (host, port) => (host.endpoint ? source.password(host, port) : ''),
})
