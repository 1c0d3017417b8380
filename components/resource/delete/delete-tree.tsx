import Link from 'next/link'

export interface ShownNode {
  resource: string | null
  noun: readonly [string, string]
  action: 'delete' | 'detach' | 'block'
  count: number
  examples: readonly { id: string; title: string }[]
  children: readonly ShownNode[]
}

const words = {
  delete: { tone: 'bad', text: 'will also be deleted' },
  detach: { tone: 'warn', text: 'kept, without the reference' },
  block: { tone: 'bad', text: 'blocks the deletion: delete or move it first' },
} as const

/** What hangs on the object, with counts and a few names. */
export const DeleteTreeView = ({ nodes, pathOf }: { nodes: readonly ShownNode[]; pathOf: Readonly<Record<string, string>> }) => (
  <ul className="grid gap-2 border-l-2 border-line pl-4">
    {nodes.map((node) => {
      const path = node.resource === null ? undefined : pathOf[node.resource]
      const more = node.count - node.examples.length
      return (
        <li key={`${node.noun[0]} ${node.action}`}>
          <p>
            <strong>
              {node.count} {node.count === 1 ? node.noun[0] : node.noun[1]}
            </strong>{' '}
            <span className={`st ${words[node.action].tone}`}>{words[node.action].text}</span>
          </p>
          {node.examples.length > 0 && (
            <p className="text-ink-2">
              {node.examples.map(({ id, title }, index) => (
                <span key={id}>
                  {index > 0 && ', '}
                  {path ? (
                    <Link href={`/${path}/${id}`} prefetch={false}>
                      {title}
                    </Link>
                  ) : (
                    title
                  )}
                </span>
              ))}
              {more > 0 && ` and ${more} more`}
            </p>
          )}
          {node.children.length > 0 && <DeleteTreeView nodes={node.children} pathOf={pathOf} />}
        </li>
      )
    })}
  </ul>
)
