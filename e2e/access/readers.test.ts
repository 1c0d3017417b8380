import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '@/lib/playground/setup.mjs'

/**
 * What the web process takes from `db` without saying for whom, and why that is right. Whatever else `app` takes from there asks for an `Actor`, so that a new
 * reader written by hand either has one or is argued for here.
 */
const forNobody: Readonly<Record<string, string>> = {
  applyRules: 'a rule accepts in the name of who wrote it',
  storeReport: 'knows the host by its token, and stores what it says of itself',
  keepNotice: 'knows the host by its token, and stores what it says of its own machine',
  herdEvictions: 'on the page of a herd that was read for the actor',
  closeDb: 'no data',
  databaseFault: 'no data',
  listen: 'ids alone; who streams them asks what its reader may see',
  loginFault: 'what the web’s own login may not do',
  waitHostCheck: 'of a check that the actor has just asked for, by an id that is told to nobody',
  readReadiness: 'whether there is a database and how many workers',
  certificatePublicKey: 'public',
  consolePublicKeys: 'public',
  readKeyStanding: 'of an environment that was read for the actor',
  readAllowance: 'on the page of an environment that was read for the actor',
  readHostToken: 'on the page of a host that was read for the actor',
  readPreferences: 'of the person alone whose id it is given',
  writePreferences: 'of the person alone whose id it is given',
  verifyAudit: 'whether the chain holds; its callers ask for audit.view everywhere',
  listTrails: 'where checkpoints are kept; its callers ask for audit.view everywhere',
  keepAnswer: 'the caller’s own answers, by a key that holds who they are',
  releaseKey: 'the caller’s own answers, by a key that holds who they are',
  takeKey: 'the caller’s own answers, by a key that holds who they are',
  forgetKeys: 'no data',
  shownCandidates: 'on the page of a pair that was read for the actor',
  ownMembers: 'on the page of an object that was read for the actor',
  herdsOfPooler: 'on the page of a pooler that was read for the actor',
  poolerAlarms: 'on the page of a herd or server that was read for the actor',
  fenceOf: 'on the page of an instance that was read for the actor',
  fencesAfter: 'on the page of a failover that was read for the actor',
  keptLines: 'on the page of a failover that was read for the actor',
  laterWork: 'on the page of a failover that was read for the actor',
  certificateDocument: 'of a certificate that was read for the actor',
  hasCertificate: 'on the page of a failover that was read for the actor',
  findPlan: 'of a scheduled run that was read for the actor; its targets are shown by environment',
  planEnvironments: 'of a scheduled run in all of whose environments the actor may run it',
  holdersOf: 'of the locks of a plan that was read for the actor',
  titleColumn: 'no data',
  waitsOf: 'whether something changed in a run; what is shown of it is read for the actor',
  scheduledOfPlan: 'of a plan that was read for the actor',
  scheduledOfRun: 'of a run that was read for the actor',
  familyOf: 'of a rule that was read for the actor: what reverses it is of its herd',
  readCalendars: 'on the page of a rule that was read for the actor: which of them hold it',
  heldBy: 'no data',
  ledgerMonths: 'no data',
}

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8')
const fileOf = (module: string): string => [`${module}.ts`, `${module}/index.ts`].find((file) => existsSync(join(projectRoot, file)))!
/** `{ a, type B, c as d }` → a, c. */
const valuesIn = (names: string): string[] =>
  names.split(',').flatMap((name) => (/^\s*(type\s|$)/.test(name) ? [] : [name.trim().replace(/ as .*/, '')]))

/** What the files of `app` take from `db` to use, by name, with the module that gives it. */
const taken = (): Map<string, string> => {
  const found = new Map<string, string>()
  for (const file of readdirSync(join(projectRoot, 'app'), { recursive: true }) as string[]) {
    if (!/\.tsx?$/.test(file) || file.includes('.test.')) continue
    for (const [, names, module] of read(`app/${file}`).matchAll(/^import \{([^}]*)\} from '@\/(db\/[^']+)'/gm))
      for (const name of valuesIn(names!)) found.set(name, module!)
    expect(read(`app/${file}`), `${file} takes a whole module of db`).not.toMatch(/import (\* as )?\w+ from '@\/db\/|import\('@\/db\//)
  }
  return found
}

/** The parameters of a function that a module exports, as they are written. */
const parametersOf = (module: string, wanted: string): string => {
  const file = fileOf(module)
  const text = read(file)
  for (const [, names, from] of text.matchAll(/^export \{([^}]*)\} from '(\.[^']+)'/gm))
    if (valuesIn(names!).includes(wanted)) return parametersOf(normalize(join(dirname(file), from!)), wanted)
  const declared = new RegExp(`^export (?:const ${wanted} =|(?:async )?function\\*? ${wanted}\\b)`, 'm').exec(text)
  if (!declared) throw new Error(`${wanted} is not found in ${file}`)
  const start = text.indexOf('(', declared.index + declared[0].length)
  for (let at = start, open = 0; at < text.length; at++) {
    if (text[at] === '(') open++
    if (text[at] === ')' && --open === 0) return text.slice(start, at)
  }
  throw new Error(`${wanted} in ${file} does not end`)
}

test('whatever the web takes from the database, it takes for somebody, or says here why for nobody', () => {
  const readers = [...taken()].filter(([name, module]) => !/\b_?actor: Actor\b/.test(parametersOf(module, name))).map(([name]) => name)
  expect(readers.sort()).toEqual(Object.keys(forNobody).sort())
})
