import { regionOfSpotList } from './locations'
import { fieldsOf, listOf, must, price, readJson } from './read'

/** By region, then type: USD per hour, Linux, of the cheapest zone, which is not named. */
export type SpotList = Readonly<Record<string, Readonly<Record<string, number>>>>

/** `spot.json`, the document behind AWS's page of spot prices; also with `callback(…);` around it, as it was served before. Throws `FeedError`. */
export const readSpotList = (text: string): SpotList => {
  const config = must(readJson(text.replace(/^\s*callback\(/, '').replace(/\);?\s*$/, '')), 'config')
  const regions = listOf(config.regions).map(fieldsOf)
  return Object.fromEntries(
    regions.map(({ region, instanceTypes }) => {
      const sizes = listOf(instanceTypes).flatMap((group) => listOf(fieldsOf(group).sizes).map(fieldsOf))
      const prices = sizes.flatMap(({ size, valueColumns }) => {
        const linux = listOf(valueColumns)
          .map(fieldsOf)
          .find(({ name }) => name === 'linux')
        const usd = price(fieldsOf(linux?.prices).USD)
        return usd === null ? [] : [[String(size), usd]]
      })
      return [regionOfSpotList(String(region)), Object.fromEntries(prices)]
    }),
  )
}
