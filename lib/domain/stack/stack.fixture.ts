import type { Stack } from './stack'

/** Three servers with everything on each but the third, which has no PostgreSQL. */
export const shopStack = (change: Partial<Stack> = {}): Stack => ({
  cluster: 'shop',
  servers: [
    { name: 'db1', address: '10.0.0.1', parts: ['postgres', 'etcd'] },
    { name: 'db2', address: '10.0.0.2', parts: ['postgres', 'etcd'] },
    { name: 'edge', address: '10.0.0.3', parts: ['etcd', 'pooler', 'proxy'] },
  ],
  postgres: { major: '15', port: 5432, synchronous: 'on', profile: 'mixed', memoryMb: 4096, maxConnections: 200, parameters: {} },
  patroni: { restPort: 8008, ttl: 20, loopWait: 5, retryTimeout: 5, watchdog: 'off' },
  etcd: { clientPort: 2379, peerPort: 2380 },
  pooler: { port: 6432, poolMode: 'transaction', poolSize: 50, maxClients: 1000 },
  proxy: { writePort: 15432, readPort: 15433 },
  network: '10.0.0.0/8',
  database: { name: 'app', users: ['app'] },
  certificateDays: 365,
  ...change,
})
