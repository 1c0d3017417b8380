import Link from 'next/link'

const NotFound = () => (
  <main className="grid min-h-dvh place-content-center gap-3 p-4 text-center">
    <h1>There is no such page</h1>
    <p>
      <Link href="/">To the console</Link>
    </p>
  </main>
)

export default NotFound
