/** The last word of a name that says what its value is: `--api-key`, `tavilyApiKey`, `DB_PASSWORD`. */
const secretWords = ['apikey', 'auth', 'authorization', 'bearer', 'key', 'passwd', 'password', 'pwd', 'secret', 'token']
/** Values that tell by their shape what they are: keys of well-known vendors, a JSON Web Token, a header that authorizes. */
const secretShape =
  /\b(sk-[\w-]{16,}|gh[oprsu]_\w{20,}|github_pat_\w{20,}|xox[abeprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]+\.)|^(authorization|x-api-key)\s*[:=]\s*\S/i

/** The index of the first argument that is a secret, or has one in it: what a server is started with is written down, and shown. */
export function secretAmong(args: readonly string[]): number | undefined {
  const index = args.findIndex((arg, at) => {
    const before = args[at - 1]
    const [, name, value] = /^-{1,2}([\w-]+)=(.+)$/.exec(arg) ?? []
    const follows = before !== undefined && /^-{1,2}[\w-]+$/.test(before) && saysSecret(before) && !arg.startsWith('-')
    return follows || (name !== undefined && saysSecret(name)) || isSecret(value ?? arg)
  })
  return index < 0 ? undefined : index
}

/** What of a URL is a secret, in words; undefined where nothing seems to be. */
export function secretInUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url) return undefined
  if (url.password !== '' || url.username !== '') return 'what stands before "@"'
  const [name] =
    [...url.searchParams].find(([key, value]) => value !== '' && (saysSecret(key) || isSecret(value))) ?? []
  return name && `its parameter ${name}`
}

function isSecret(value: string): boolean {
  return secretShape.test(value) || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@:]*:[^/?#@]+@/i.test(value)
}

function saysSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_.]/)
  return secretWords.includes(words.at(-1) ?? '')
}
