import type { UnfitType } from '@/lib/domain/prices/choose'

/** Each type that does not fit, with every reason. */
export const Unfit = ({ types }: { types: readonly UnfitType[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label="Table: types that do not fit">
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col" className="n">
            vCPUs
          </th>
          <th scope="col" className="n">
            Memory
          </th>
          <th scope="col">Does not fit because</th>
        </tr>
      </thead>
      <tbody>
        {types.map(({ type, reasons }) => (
          <tr key={type.type}>
            <th scope="row">{type.type}</th>
            <td className="n">{type.vcpus}</td>
            <td className="n">{Number((type.memoryMib / 1024).toFixed(1))} GiB</td>
            <td className="prices-reasons">{reasons.join('; ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
