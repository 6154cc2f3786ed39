import { z } from 'zod'
import { CapabilityError, defineTool, fact } from '../../../shared/capability/index.ts'
import { checkSignup, exampleSignup, normalizeSignup, type Signup, signupDigest, signupSchema } from '../signup.ts'

export const validateSignup = defineTool({
  name: 'validate_signup',
  title: 'Validate sign-up',
  description:
    'Check a sign-up before anything is created: shapes, reserved names and limits of the plan. ' +
    'Returns the normalized fields and the digest that create_organization takes.',
  input: signupSchema,
  output: signupSchema.extend({
    validated_signup: fact(z.string().describe('Digest of the normalized sign-up'), 'organizations.validated_signup'),
  }),
  effect: 'read',
  scopes: ['organizations:read'],
  example: exampleSignup,
  async run(submitted) {
    const signup = acceptSignup(submitted)
    return { ...signup, validated_signup: signupDigest(signup) }
  },
})

/** The normalized sign-up, or the failure `invalid_input` that names every fault by its path. */
export function acceptSignup(submitted: Signup): Signup {
  const signup = normalizeSignup(submitted)
  const issues = checkSignup(signup)
  if (issues.length > 0)
    throw new CapabilityError('invalid_input', 'The sign-up is not acceptable as it is.', { issues })
  return signup
}
