export interface StackFile {
  path: string
  owner: 'root' | 'postgres' | 'etcd'
  /** Octal, as chmod takes it. */
  mode: '0400' | '0600' | '0640' | '0644'
  /** With names in place of secrets. */
  text: string
}

const tlsFolder = '/etc/matriarch/tls'
export const tlsFile = (name: 'ca.pem' | 'trusted.pem' | 'server.pem' | 'postgres.key' | 'etcd.key'): string => `${tlsFolder}/${name}`
