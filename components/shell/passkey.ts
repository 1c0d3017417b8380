import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON, WebAuthnError } from '@simplewebauthn/browser'

export type NewPasskeyQuestion = PublicKeyCredentialCreationOptionsJSON
export type PasskeyQuestion = PublicKeyCredentialRequestOptionsJSON

/** What the device made or signed, for the server to judge; or why there is nothing, for the person. */
export type PasskeyAnswer = { answer: object } | { problem: string }

const given = 'The device did not answer, or you cancelled. Try again.'
const sentences: Readonly<Record<string, string>> = {
  ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: 'This device has been added before.',
  ERROR_INVALID_DOMAIN: 'This browser gives no passkeys to a console under this address.',
  ERROR_INVALID_RP_ID: 'Open the console under the address it is configured with: passkeys are bound to it.',
}

const told = async (work: () => Promise<object>): Promise<PasskeyAnswer> => {
  try {
    return { answer: await work() }
  } catch (error) {
    return { problem: sentences[(error as Partial<WebAuthnError>).code ?? ''] ?? given }
  }
}

// Loaded when somebody uses one: no page needs it to be shown.
export const makePasskey = (question: NewPasskeyQuestion): Promise<PasskeyAnswer> =>
  told(async () => (await import('@simplewebauthn/browser')).startRegistration({ optionsJSON: question }))
export const signWithPasskey = (question: PasskeyQuestion): Promise<PasskeyAnswer> =>
  told(async () => (await import('@simplewebauthn/browser')).startAuthentication({ optionsJSON: question }))
