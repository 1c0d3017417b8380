import { type Stack, serversWith } from './stack'
import { type StackFile, tlsFile } from './stack-file'

export const proxyConfigPath = '/etc/haproxy/haproxy.cfg'

/** Checks ask Patroni's REST API over TLS; with these intervals a client meets a new primary in about a second. */
export const proxyFile = (stack: Stack): StackFile => {
  const { proxy, postgres, patroni } = stack
  const servers = serversWith(stack, 'postgres')
    .map(({ name, address }) => `  server ${name} ${address}:${postgres.port} check port ${patroni.restPort}`)
    .join('\n')
  const door = (name: string, port: number, asks: string, more: string) => `
listen ${name}
  bind :${port}
  option httpchk OPTIONS ${asks}
  http-check expect status 200
  default-server inter 1s fastinter 300ms downinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions check-ssl verify required ca-file ${tlsFile('ca.pem')}
${more}${servers}
`
  const text = `global
  maxconn 2000
  user haproxy
  group haproxy
  stats socket /run/haproxy/admin.sock mode 660 level admin

defaults
  mode tcp
  retries 2
  timeout connect 4s
  timeout client 30m
  timeout server 30m
  timeout check 1s
  timeout queue 1m
${door('primary', proxy.writePort, '/primary', '')}${door('replicas', proxy.readPort, '/replica', '  balance leastconn\n')}`
  return { path: proxyConfigPath, owner: 'root', mode: '0644', text }
}
