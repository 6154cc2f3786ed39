#!/usr/bin/env node
// Runs a command with the pinned Node first on the PATH: `node scripts/pinned.mjs npm run gate`. Some npm versions do not link
// the pinned one by themselves.
import { runPinned } from './pinned-node.mjs'

const [command, ...args] = process.argv.slice(2)
runPinned(command, args)
