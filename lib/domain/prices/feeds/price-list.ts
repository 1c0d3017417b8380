import { fieldsOf, price, readJson } from './read'

export interface ListedPrice {
  /** Attributes of the product, as the service names them. */
  attributes: Readonly<Record<string, unknown>>
  usd: number
  /** `Hrs`, `GB-Mo`. */
  unit: string
  /** When the list was published, ISO. */
  asOf: string | null
}

/** One entry of the `PriceList` that the Pricing service's `GetProducts` answers: its on-demand price; null where it has none above zero. Throws `FeedError`. */
export const readListed = (entry: string): ListedPrice | null => {
  const document = readJson(entry)
  const attributes = fieldsOf(fieldsOf(document.product).attributes)
  for (const term of Object.values(fieldsOf(fieldsOf(document.terms).OnDemand)).map(fieldsOf))
    for (const dimension of Object.values(fieldsOf(term.priceDimensions)).map(fieldsOf)) {
      const usd = price(fieldsOf(dimension.pricePerUnit).USD)
      if (usd === null) continue
      return {
        attributes,
        usd,
        unit: String(dimension.unit),
        asOf: typeof document.publicationDate === 'string' ? document.publicationDate : null,
      }
    }
  return null
}
