const chunkLength = 16_384

/** Text as it comes, gathered to some kilobytes a chunk. The first piece is waited for, so that a refusal is still a status and not a broken file. */
export const streamText = async (pieces: AsyncGenerator<string>, contentType: string): Promise<Response> => {
  const encoder = new TextEncoder()
  const first = await pieces.next()
  let waiting = first.done ? '' : first.value
  let isOver = first.done === true
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      while (!isOver && waiting.length < chunkLength) {
        const next = await pieces.next()
        if (next.done) isOver = true
        else waiting += next.value
      }
      if (waiting !== '') controller.enqueue(encoder.encode(waiting))
      waiting = ''
      if (isOver) controller.close()
    },
    cancel: async () => {
      await pieces.return(undefined)
    },
  })
  return new Response(body, { headers: { 'content-type': contentType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
}
