import { posix, win32 } from 'node:path'

/** The machine that hosts run on, as far as their configuration depends on it. */
export interface Machine {
  platform: NodeJS.Platform
  /** The person's home folder. */
  home: string
  /** `%APPDATA%` on Windows, and `$XDG_CONFIG_HOME` where that is set. */
  appData?: string
  configHome?: string
  /** The folder that a project's configuration belongs to. */
  project: string
}

/** Where a configuration counts: for everything the person does, or in one project. */
export const scopes = ['user', 'project'] as const
export type Scope = (typeof scopes)[number]

/** A path below the home folder, in the machine's own way of writing paths. */
export function inHome({ platform, home }: Machine, ...names: string[]): string {
  return pathsOf(platform).join(home, ...names)
}

export function inProject({ platform, project }: Machine, ...names: string[]): string {
  return pathsOf(platform).join(project, ...names)
}

/** Where programs keep what they are told: `~/Library/Application Support`, `%APPDATA%`, or `~/.config`. */
export function inApplicationFolder(machine: Machine, ...names: string[]): string {
  const { platform, appData } = machine
  if (platform === 'darwin') return inHome(machine, 'Library', 'Application Support', ...names)
  if (platform !== 'win32') return inConfigHome(machine, ...names)
  return win32.join(appData ?? inHome(machine, 'AppData', 'Roaming'), ...names)
}

/** `~/.config` on every platform, unless the person says otherwise. */
export function inConfigHome(machine: Machine, ...names: string[]): string {
  const { platform, configHome } = machine
  return pathsOf(platform).join(configHome ?? inHome(machine, '.config'), ...names)
}

function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix
}
