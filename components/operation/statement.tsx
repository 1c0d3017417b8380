/** What a plan or a run executes, word for word: one confirms what one sees. */
export const Statement = ({ statement }: { statement: string }) => (
  <section className="card plan-statement" aria-label="Statement">
    <pre className="code">{statement}</pre>
  </section>
)
