import { addLocalAdmin, personOfLogin } from '@/db/people/people'
import { checkNewPassword, hashPassword } from './password'

/** Makes the break-glass administrator when there is nobody of that name. True when it was made now; an existing account is left as it is. */
export const ensureLocalAdmin = async (userName: string, password: string): Promise<boolean> => {
  if (await personOfLogin(userName)) return false
  checkNewPassword(password, '')
  return addLocalAdmin(userName, await hashPassword(password))
}
