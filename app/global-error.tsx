'use client'

import './globals.css'
import { Button, LinkButton } from '@/components/ui/button'

/** What is left when not even the frame of the page could be shown. */
const GlobalError = ({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) => (
  <html lang="en">
    <body>
      <title>Something went wrong · Matriarch</title>
      <main className="grid min-h-dvh place-content-center gap-3 p-4 text-center">
        <h1>The console could not show this page</h1>
        <p>
          Nothing was changed, and your databases do not need the console. The log of the web process says why
          {error.digest ? (
            <>
              {' '}
              under <code>{error.digest}</code>
            </>
          ) : null}
          .
        </p>
        <div className="flex flex-wrap justify-center gap-2">
          <Button variant="primary" onClick={retry}>
            Try again
          </Button>
          <LinkButton href="/">To the fleet</LinkButton>
        </div>
      </main>
    </body>
  </html>
)

export default GlobalError
