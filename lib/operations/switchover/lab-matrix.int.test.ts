import { afterAll, beforeAll, expect, test } from 'vitest'
import { matrixHerd } from '@/e2e/harness/matrix/actions'
import { openFront } from '@/e2e/harness/matrix/front'
import { openLabHerd } from '@/e2e/harness/matrix/herd'
import { MatrixLab } from '@/e2e/harness/matrix/matrix'
import { pooledFleet, scenarios } from '@/e2e/harness/matrix/scenarios'
import { sayTrouble, type Trouble } from '@/e2e/harness/matrix/trouble'

/** Where it hurts most; `npm run lab-matrix -- --only switchover` runs every point. */
const chosen: Trouble[] = [
  { how: 'kill', at: 'pause', isLate: true },
  { how: 'kill', at: 'stopAsStandby' },
  { how: 'kill', at: 'promoteAndCommit', isLate: true },
]

const scenario = scenarios.find((one) => one.isThroughPoolers)!
let lab: MatrixLab
beforeAll(async () => {
  const herd = await openLabHerd(pooledFleet(), matrixHerd)
  lab = new MatrixLab(herd, matrixHerd, await openFront(herd, matrixHerd))
})
afterAll(() => lab?.close())

test.each(chosen.map((trouble) => [sayTrouble(trouble), trouble] as const))(
  'under sixteen writers through two poolers: one primary, nobody stays held back, no error and nothing lost, every timer over, nothing left behind, and the journal is true: %s',
  { timeout: 300_000 },
  async (_title, trouble) => {
    expect((await lab.run(scenario, trouble)).broken).toEqual([])
  },
)
