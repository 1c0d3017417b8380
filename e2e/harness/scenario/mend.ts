import type { Place } from './place'

/** Units of the host that a scenario has ended for good. */
const startUnits =
  'for unit in /etc/lab-units/*; do name=$(basename "$unit"); pgrep -f "unit.sh $name" >/dev/null || setsid -f /usr/local/lib/lab/unit.sh "$name"; done'

/** Every host of the scenario on, thawed and reached by everybody, and a worker that lives: the next one shares the lab. */
export const mendHosts = async (place: Place): Promise<void> => {
  await place.redis?.mend()
  await place.workers.mend()
  if (place.lab.fleet.hasNames) place.lab.nameServers.signal('SIGCONT')
  for (const name of place.hosts()) {
    await place.lab.network.heal(name)
    if (place.lab.hosts.mark(name)) place.lab.hosts.signal(name, 'SIGCONT')
    await place.lab.powerOn(name)
    if (place.lab.fleet.patroni?.some(({ members }) => members.includes(name)))
      await place.lab.hosts.mustExec(name, ['sh', '-c', startUnits])
  }
}
