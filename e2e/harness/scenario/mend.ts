import type { Place } from './place'

/** Every host of the scenario on, thawed and reached by everybody, and a worker that lives: the next one shares the lab. */
export const mendHosts = async (place: Place): Promise<void> => {
  await place.redis?.mend()
  await place.workers.mend()
  if (place.lab.fleet.hasNames) place.lab.nameServers.signal('SIGCONT')
  for (const name of place.hosts()) {
    await place.lab.network.heal(name)
    if (place.lab.hosts.mark(name)) place.lab.hosts.signal(name, 'SIGCONT')
    await place.lab.powerOn(name)
  }
}
