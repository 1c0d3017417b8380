import { proofChannel } from './proof-channel'

/**
 * Opens the identity provider in a window of its own, so that nothing typed here is lost. null: the person has signed in there again; else why not. Which
 * login it was for, the server decides: what another page says on the channel proves nothing. A browser does not tell whether the window is still open
 * (its opener is cut off at the provider), so the wait ends with an answer, or with `signal`.
 */
export const signInAgain = (signal: AbortSignal): Promise<string | null> => {
  if (window.open('/api/auth/oidc/start?for=proof', '_blank', 'popup,width=520,height=720') === null)
    return Promise.resolve('The browser opened no window. Allow it for this console, and try again.')
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(proofChannel)
    const end = (refused: string | null) => {
      channel.close()
      resolve(refused)
    }
    signal.addEventListener('abort', () => end('Cancelled.'), { once: true })
    channel.onmessage = ({ data }: MessageEvent<{ refused: string | null }>) => end(data.refused)
  })
}
