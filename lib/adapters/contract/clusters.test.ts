import { idOf, memoryFleet } from '@/lib/adapters/memory'
import { clustersContract } from './clusters-contract'

clustersContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
  const host = fleet.host('n1')
  const neighbour = fleet.host('n2')
  neighbour.passwords.clear()
  const placeOf = (name: string, port: number) => ({
    ...fleet.instance('demo on n1').inventory.address,
    instanceId: idOf(name),
    clusterName: name,
    port,
    dataDirectory: `/var/lib/postgresql/15/${name}`,
  })
  return {
    ports: fleet,
    place: placeOf('fresh', 5500),
    other: placeOf('other', 5501),
    neighbour: neighbour.server.address,
    settings: {},
    makeDirectory: async ({ dataDirectory }) => {
      host.directories.add(dataDirectory)
    },
    halfMake: async (instance, spec) => {
      await fleet.act.clusters.make(instance, spec, { timeoutMs: 1_000 })
      const plot = fleet.world.instances.get(instance.instanceId)!
      Object.assign(plot, { startProblem: 'it was never made whole', made: { key: spec.key, isWhole: false } })
    },
    cutOff: async () => {
      host.power = 'off'
      return async () => {
        host.power = 'on'
      }
    },
    stop: async () => {},
  }
})
