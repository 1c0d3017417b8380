/** A refusal is handed over as text: our fault's code and, after a colon, its sentence. */
const sentences: Readonly<Record<string, string>> = {
  'auth.rejected': 'The user name or the password is wrong.',
  'auth.required': 'You are not signed in any more. Sign in again.',
  'auth.throttled': 'Too many attempts. Wait a little and try again.',
  'auth.directory-down': 'The directory does not answer. A local account still works.',
  'auth.provider-down': 'The identity provider does not answer. A local account still works.',
  'database.down': 'The console’s own database does not answer. Nobody can sign in until it does.',
}

export const explainLogin = (error: string): string => {
  const [code = '', ...rest] = error.split(': ')
  const because = rest.join(': ')
  return code in sentences ? because || sentences[code]! : 'The console could not sign you in. Its log says why.'
}
