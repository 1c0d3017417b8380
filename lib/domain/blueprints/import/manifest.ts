import { type BlueprintField, emptyBlueprint } from '../blueprint'
import { nearest } from '../nearest'
import { collect, type Imported, nothingImported, shownValue } from './collect'
import { keyByPath, ownFields } from './keys'

/** `kind` of the console's own manifest; its keys are the fields of a blueprint. */
export const ownKind = 'matriarch_blueprint'

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

/** A document of YAML as it was parsed: pg-spot-operator's manifest or the console's own. */
export const readManifest = (document: unknown): Imported => {
  const found = nothingImported()
  if (!isMap(document)) return { ...found, problems: [{ key: '', because: 'A manifest is a map of keys and values.' }] }
  if (document.kind === ownKind) readOwn(found, document)
  else readNested(found, document, '')
  zoneGivesRegion(found)
  return found
}

/** A map whose own path is a key goes there whole; else its keys are looked at. */
const readNested = (found: Imported, map: Record<string, unknown>, above: string): void => {
  for (const [name, value] of Object.entries(map)) {
    const path = above === '' ? name : `${above}.${name}`
    const key = keyByPath.get(path)
    if (key) collect(found, path, key, value, 'manifest')
    else if (isMap(value) && [...keyByPath.keys()].some((known) => known.startsWith(`${path}.`))) readNested(found, value, path)
    else found.unknown.push({ key: path, nearest: nearest(path, keyByPath.keys()) })
  }
}

const readOwn = (found: Imported, document: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(document)) {
    if (name === 'kind') continue
    if (!ownFields.includes(name) && name !== 'adminPassword') {
      found.unknown.push({ key: name, nearest: nearest(name, ownFields) })
      continue
    }
    const field = name as BlueprintField
    found.values[field] = value
    found.taken.push({ key: name, field, shown: name === 'adminPassword' ? '••••••••' : shownValue(value), note: null })
  }
}

/** `eu-north-1` of `eu-north-1b`, and of the local zone `us-west-2-lax-1a`: `us-west-2`. */
const regionOf = (zone: string): string => (zone.split('-').length > 3 ? zone.split('-').slice(0, 3).join('-') : zone.replace(/[a-z]$/, ''))

/** As pg-spot-operator derives it. */
export const zoneGivesRegion = (found: Imported): void => {
  const { regions, zones } = found.values as { regions?: string[]; zones?: string[] }
  if ((regions ?? []).length > 0 || !zones?.[0]) return
  found.values.regions = [regionOf(zones[0])]
  found.taken.push({ key: 'region', field: 'regions', shown: regionOf(zones[0]), note: 'Of the zone.' })
}

/** What of a blueprint is not as it is by default, in the order of its fields: the document that `readManifest` takes again. */
export const manifestOf = (values: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  kind: ownKind,
  ...Object.fromEntries(
    Object.entries(emptyBlueprint).flatMap(([name, standard]) => {
      const value = values[name] ?? null
      return value === null || JSON.stringify(value) === JSON.stringify(standard) ? [] : [[name, value]]
    }),
  ),
})
