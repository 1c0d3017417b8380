/**
 * How a list hands ticked rows to the confirm page. The ids are pinned by the list; they travel in the tab's session storage, because a thousand
 * of them do not fit in an address, and survive a reload of the page they were handed to. A handful goes in the address itself, where it can be pasted.
 */
const idsInAddressMax = 20
/** `of`: the resource of the ids, where the operation acts on what belongs to them. */
const keyOf = (path: string, operation: string, of: string | null) => `matriarch.targets.${path}.${operation}${of === null ? '' : `.${of}`}`

/** Remembers the targets and gives the address of the confirm page. Call it in the browser, at the moment of the click. */
export const handOver = (path: string, operation: string, ids: readonly string[], of: string | null = null): string => {
  const query = [...(of === null ? [] : [`of=${of}`]), ...(ids.length <= idsInAddressMax ? [`ids=${ids.join(',')}`] : [])].join('&')
  if (ids.length > idsInAddressMax) sessionStorage.setItem(keyOf(path, operation, of), JSON.stringify(ids))
  return `/${path}/run/${operation}${query && `?${query}`}`
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)

/** The targets handed over, from the address (`ids`) or else from the tab's storage; anything that is not an id is left out. */
export const takeOver = (path: string, operation: string, idsInAddress: string | null, of: string | null = null): string[] => {
  const listed: unknown[] = idsInAddress !== null ? idsInAddress.split(',') : readStored(keyOf(path, operation, of))
  return [...new Set(listed.filter(isId))]
}

const readStored = (key: string): unknown[] => {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(key) ?? '[]')
    return Array.isArray(stored) ? stored : []
  } catch {
    return []
  }
}
