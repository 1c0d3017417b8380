/** On it a window that was at the identity provider tells the page that waits: `{ refused }`, null where it is proved. */
export const proofChannel = 'matriarch-proof'
