// Runs a TypeScript file of this repository under the pinned Node: `node scripts/run.mjs FILE [ARGS...]`.
import { ensureToolchain, runPinned } from './toolchain.mjs';

ensureToolchain();
process.exitCode = runPinned(process.argv.slice(2));
