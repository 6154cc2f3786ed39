import type { HeaderForm } from '../../../shared/manifest.ts'

/** The header, its name in lower case, that carries a credential. */
export function credentialHeader(form: HeaderForm, value: string): [name: string, value: string] {
  switch (form.form) {
    case 'bearer':
      return ['authorization', `Bearer ${value}`]
    case 'basic': {
      const pair = form.user === undefined ? value : `${form.user}:${value}`
      return ['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]
    }
    case 'header':
      return [form.name.toLowerCase(), value]
  }
}
