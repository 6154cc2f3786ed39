#!/usr/bin/env node
// `remit`, on the pinned Node: compiled as the package brings it, or as it is written in a checkout.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runPinned } from './pinned-node.mjs'

const [source, packed] = ['../orchestrator/main.ts', '../dist/orchestrator/main.js'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)
runPinned('node', [existsSync(source) ? source : packed, ...process.argv.slice(2)])
