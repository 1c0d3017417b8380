import { webPorts } from '@/lib/web-ports'
import { ended, going } from '../answer'

/** Sends the browser to where its person signs out at the identity provider; where there is no such place, to the login page. */
export const GET = async (): Promise<Response> => {
  try {
    return going((await webPorts().provider?.signOutAddress()) ?? '/login')
  } catch (error) {
    return ended(error, false)
  }
}
