import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { matrixHerd, promoteByHand } from '@/e2e/harness/matrix/actions'
import { restoreHerd } from '@/e2e/harness/matrix/canon'
import { openLabHerd } from '@/e2e/harness/matrix/herd'
import { MatrixLab } from '@/e2e/harness/matrix/matrix'
import { scenarios } from '@/e2e/harness/matrix/scenarios'
import { sayTrouble, type Trouble } from '@/e2e/harness/matrix/trouble'
import { casesOf, spreadOver } from '@/e2e/harness/matrix/troubles'
import { openWitness } from '@/e2e/harness/matrix/witness'
import { until } from '@/lib/playground/machine/processes'

/** A few cases of each kind; `npm run lab-matrix` runs them all. The numbers are those of a clean run, or a little less. */
const points = { passed: 80, acts: 16, held: { from: 0, to: 0 } }

let lab: MatrixLab
beforeAll(async () => {
  lab = new MatrixLab(await openLabHerd(testFleet({ [matrixHerd]: 'a > b, c' }), matrixHerd), matrixHerd)
})
afterAll(() => lab?.close())

const some = (name: string, count: number, isWanted: (trouble: Trouble) => boolean) => {
  const scenario = scenarios.find((one) => one.name.startsWith(name))!
  return spreadOver(casesOf(scenario, points).filter(isWanted), count).map((trouble) => ({ scenario, trouble }))
}

const chosen = [
  ...some('planned failover', 1, ({ how }) => how === 'kill'),
  ...some('planned failover', 1, ({ how }) => how === 'lose-answer'),
  ...some('planned failover', 1, (one) => 'step' in one && one.step === 'catch-up' && one.how === 'power-off' && one.who === 'candidate'),
  ...some('rejoin of a primary that has forked', 1, (one) => one.how === 'kill' && one.at === 12),
  ...some('demote', 1, (one) => one.how === 'kill' && one.at === 40),
  ...some('rebuild by pg_rewind', 1, (one) => one.how === 'kill' && one.at === 30),
]

test.each(chosen.map((one) => [`${one.scenario.name}, ${sayTrouble(one.trouble)}`, one] as const))(
  'on real hosts never two primaries, nothing twice, nothing acknowledged is lost, and somebody knows the next step: %s',
  { timeout: 300_000 },
  async (_title, { scenario, trouble }) => {
    const { broken } = await lab.run(scenario, trouble)
    expect(broken).toEqual([])
  },
)

test('the judge itself: a second primary is seen although the network hides it, and so are the commits that are lost with it', async () => {
  const { lab: fleet } = lab.lab
  const cast = await restoreHerd(lab.lab, matrixHerd)
  const { members, port } = fleet.fleet.herds[0]!
  const hosts = members.map(({ host }) => host)
  const witness = openWitness(fleet, port, hosts)
  try {
    await witness.begin(cast.primary)
    await fleet.network.cut(cast.primary)
    await promoteByHand(lab.lab, cast)
    witness.forget()
    await until('both to write', () => witness.writers().length > 2, { timeoutMs: 60_000 })
    expect(new Set(witness.writers())).toEqual(new Set([cast.primary, cast.candidate]))
    expect(await witness.lostOn(cast.candidate)).not.toEqual([])
  } finally {
    witness.close()
  }
})
