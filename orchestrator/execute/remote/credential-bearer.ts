import type { Bearer } from './bearer.ts'
import { refusedError } from './remote-error.ts'

/** Lets requests in by a credential that the server itself gave out, or, where it wants none, without any. */
export function credentialBearer(server: string, credential?: string): Bearer {
  return {
    secrets: credential === undefined ? [] : [credential],
    token: async () => credential,
    refusal: (response) => refusedError(server, response, 'look at its auth, and at the credential that it names'),
  }
}
